"""A real Trino, the engine that Athena is built on, from Maven Central over the local AWS's S3 and Glue."""
