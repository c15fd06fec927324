"""CSV bytes → typed record batches → Parquet, as plain functions over byte ranges. No AWS, no environment."""

from csvlake.engine.convert import convert, inspect
from csvlake.engine.source import open_source

__all__ = ["convert", "inspect", "open_source"]
