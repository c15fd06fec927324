"""Read the footer of a Parquet object, and nothing else of it."""

import io
import struct
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from local.glue.layout import FoundFile
from local.glue.types import UnknownTypeError, glue_type

MAGIC = b"PAR1"
TAIL_BYTES = 65536


class NotParquetError(ValueError):
    """An object that is not a whole Parquet file, or has types that Glue does not know."""


def read_footer(key: str, size: int, read_tail: Callable[[int], bytes]) -> FoundFile:
    """Return what the footer says.

    Args:
        key: the object.
        size: its size in bytes.
        read_tail: returns that many bytes from its end.

    Raises:
        NotParquetError: it is no Parquet.
    """
    tail = read_tail(min(size, TAIL_BYTES))
    if len(tail) < 12 or tail[-4:] != MAGIC:
        raise NotParquetError(f"{key} is not Parquet")
    (length,) = struct.unpack("<I", tail[-8:-4])
    if length + 12 > size:
        raise NotParquetError(f"{key} is cut short")
    if length + 8 > len(tail):
        tail = read_tail(length + 8)
    try:
        metadata = pq.read_metadata(io.BytesIO(MAGIC + tail[-length - 8 :]))
        columns = {field.name.lower(): glue_type(field.type) for field in metadata.schema.to_arrow_schema()}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnknownTypeError) as error:
        raise NotParquetError(f"{key}: {error}") from error
    return FoundFile(key, size, metadata.num_rows, columns)
