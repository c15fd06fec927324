"""CloudFormation on the local AWS: the resource types that LocalEmu lacks, and the properties that it drops."""
