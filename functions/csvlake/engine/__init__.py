"""CSV bytes → typed record batches → Parquet, as plain functions over byte ranges. No AWS, no environment."""
