"""pandas: ``IN OUT``. read_csv to to_parquet, as most Lambda functions do it."""

import sys

import pandas as pd

from tests.bench.engines.pairs import list_pairs

for _source, _goal in list_pairs(sys.argv):
    pd.read_csv(_source).to_parquet(_goal, compression="zstd")
