"""An Athena on one machine: Athena's API and SQL over Glue and S3, answered by an embedded DuckDB."""
