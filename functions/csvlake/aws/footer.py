"""Read what csvlake wrote to a Parquet file's footer, given the file's end."""

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["read_footer_metadata"]

_PREFIX = b"csvlake-"


def read_footer_metadata(tail: bytes) -> dict[str, str]:
    """Return the metadata of a Parquet file whose names begin with ``csvlake-``; none where the bytes are no footer."""
    try:
        found = pq.read_metadata(pa.BufferReader(tail)).metadata or {}
        return {name.decode(): value.decode() for name, value in found.items() if name.startswith(_PREFIX)}
    except (pa.ArrowException, UnicodeDecodeError, OSError):
        return {}
