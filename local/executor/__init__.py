"""Lambda functions in processes of this machine, run by AWS's own runtime client."""
