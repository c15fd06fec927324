"""DuckDB: ``IN OUT``. COPY from read_csv to Parquet with zstd, all else as it comes."""

import sys

import duckdb

from tests.bench.engines.pairs import list_pairs

with duckdb.connect() as _database:
    for _source, _goal in list_pairs(sys.argv):
        _database.execute(f"COPY (FROM read_csv('{_source}')) TO '{_goal}' (FORMAT parquet, COMPRESSION zstd)")
