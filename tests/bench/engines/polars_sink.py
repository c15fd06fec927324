"""polars: ``IN OUT``. scan_csv to sink_parquet with zstd, dates tried."""

import sys

import polars as pl

from tests.bench.engines.pairs import list_pairs

for _source, _goal in list_pairs(sys.argv):
    pl.scan_csv(_source, try_parse_dates=True).sink_parquet(_goal, compression="zstd")
