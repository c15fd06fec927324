"""What a Parquet object's S3 metadata tells of its making, so that no database must remember it.

S3 takes ASCII values and 2 KB of names and values in all:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html. Values are percent-encoded, and the one text
of free length, the dialect, is cut.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from csvlake.engine.model import Column, Report
from csvlake.lake.ports import ObjectInfo

__all__ = ["Stamp"]

_PREFIX = "csvlake-"
_MAX_DIALECT = 200


@dataclass(frozen=True)
class Stamp:
    """Which source a target was made from, by which version, and the counts of that conversion."""

    source_etag: str
    source_version: str  # "" where the bucket is not versioned
    source_bytes: int
    converter_version: str
    records_read: int
    rows_written: int
    records_rejected: int
    rows_rescued: int
    dialect: str
    schema_version: str  # of the table when the file was written
    columns: str  # digest of the names and types that are stored

    @classmethod
    def of(cls, source: ObjectInfo, report: Report, converter_version: str, schema_version: str) -> "Stamp":
        """Describe a conversion that is about to be published."""
        return cls(
            source_etag=source.etag,
            source_version=source.version_id or "",
            source_bytes=source.size,
            converter_version=converter_version,
            records_read=report.records_read,
            rows_written=report.rows_written,
            records_rejected=report.records_rejected,
            rows_rescued=report.rows_rescued,
            dialect=report.dialect.describe(),
            schema_version=schema_version,
            columns=_digest(report.schema),
        )

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> "Stamp | None":
        """Read an object's metadata; None where it was not written by csvlake."""
        try:
            return cls(
                source_etag=_get(metadata, "source-etag"),
                source_version=_get(metadata, "source-version"),
                source_bytes=int(_get(metadata, "source-bytes")),
                converter_version=_get(metadata, "converter-version"),
                records_read=int(_get(metadata, "records-read")),
                rows_written=int(_get(metadata, "rows-written")),
                records_rejected=int(_get(metadata, "records-rejected")),
                rows_rescued=int(_get(metadata, "rows-rescued")),
                dialect=_get(metadata, "dialect"),
                schema_version=_get(metadata, "schema-version"),
                columns=_get(metadata, "columns"),
            )
        except (KeyError, ValueError):
            return None

    def write(self) -> dict[str, str]:
        """Return the metadata to put on the object."""
        values = {name.replace("_", "-"): str(value) for name, value in vars(self).items()}
        values["dialect"] = values["dialect"][:_MAX_DIALECT]
        return {f"{_PREFIX}{name}": quote(value, safe=" =:;,/'") for name, value in values.items()}

    def is_of(self, source: ObjectInfo, converter_version: str) -> bool:
        """Return whether converting this source again would write the same rows."""
        return (self.source_etag, self.source_version, self.source_bytes, self.converter_version) == (
            source.etag,
            source.version_id or "",
            source.size,
            converter_version,
        )


def _digest(schema: Sequence[Column]) -> str:
    stored = "\n".join(f"{column.name}:{column.type}" for column in schema)
    return hashlib.sha256(stored.encode()).hexdigest()[:16]


def _get(metadata: Mapping[str, str], name: str) -> str:
    return unquote(metadata[_PREFIX + name])
