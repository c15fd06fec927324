"""Write a table of one row group as a Parquet object: a small one by itself, a larger one with awswrangler.

Both give the bytes of ``ParquetWriter(sink, table.schema, **writer_arguments)`` and one row group. awswrangler sends a
larger table part by part while it is encoded. For a small one its way by pandas takes five times the processor time of
everything else that writing it needs (docs/adr/0023-small-tables-in-one-put.md).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import awswrangler as wr
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from csvlake.aws.publish import Publication

__all__ = ["write_table"]

_SMALL_BYTES = 4 << 20  # in memory; as Parquet it is less than the 5 MiB that awswrangler begins a second part at


def write_table(
    publication: "Publication",
    bucket: str,
    key: str,
    table: "pa.Table",
    writer_arguments: Mapping[str, Any],
    request: Mapping[str, Any],
) -> None:
    """Write a table so that nothing but the publication's commit is left.

    Args:
        writer_arguments: for ``pyarrow.parquet.ParquetWriter``, compression included.
        request: what else the object is put with: metadata and conditions.
    """
    row_group_size = max(1, table.num_rows)
    if table.nbytes > _SMALL_BYTES:
        _write_in_parts(publication, f"s3://{bucket}/{key}", table, writer_arguments, request, row_group_size)
        return
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **writer_arguments) as writer:
        writer.write_table(table, row_group_size=row_group_size)
    publication.put_object(Bucket=bucket, Key=key, Body=sink.getvalue().to_pybytes(), **request)


def _write_in_parts(
    publication: "Publication",
    url: str,
    table: "pa.Table",
    writer_arguments: Mapping[str, Any],
    request: Mapping[str, Any],
    row_group_size: int,
) -> None:
    """Write with awswrangler: pandas only carries Arrow's own columns, and the schema comes with the arguments.

    awswrangler's ``dtype`` must stay away: it would cast timestamps to seconds or nanoseconds.
    """
    arguments = dict(writer_arguments)
    compression = arguments.pop("compression", "snappy")
    wr.s3.to_parquet(
        table.to_pandas(types_mapper=pd.ArrowDtype, use_threads=False),
        path=url,
        index=False,
        compression=compression,
        pyarrow_additional_kwargs={
            **arguments,
            "schema": table.schema,
            "write_table_args": {"row_group_size": row_group_size},
        },
        s3_additional_kwargs=dict(request),
        use_threads=False,
        boto3_session=publication,
    )
