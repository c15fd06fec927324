"""pyarrow: ``IN OUT``. open_csv to ParquetWriter, block by block, newlines in cells allowed."""

import sys

from pyarrow import csv, parquet

from tests.bench.engines.pairs import list_pairs

for _source, _goal in list_pairs(sys.argv):
    with (
        csv.open_csv(_source, parse_options=csv.ParseOptions(newlines_in_values=True)) as _batches,
        parquet.ParquetWriter(_goal, _batches.schema, compression="zstd") as _writer,
    ):
        for _batch in _batches:
            _writer.write_batch(_batch)
