"""What a Parquet object's S3 metadata tells of its making, so that no database must remember it.

S3 takes ASCII values and 2 KB of names and values in all:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html. Values are percent-encoded, and the one text
of free length, the dialect, is cut, and a very long source key is left out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from csvlake.engine.model import Column, Report
from csvlake.lake.ports import ObjectInfo, Table

__all__ = ["Stamp", "digest_contract"]

_PREFIX = "csvlake-"
_SAFE = " =:;,/'"
_MAX_DIALECT = 250  # encoded, as all that follows
_MAX_KEY = 1000  # what is left of the 2 KB


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
    types_id: str = ""  # the table's when the file was written
    contract: str = ""  # digest of the contract that it was read by
    source_key: str = ""  # "" where it is too long

    @classmethod
    def of(cls, source: ObjectInfo, report: Report, converter_version: str, table: Table | None) -> "Stamp":
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
            schema_version=table.version_id if table else "",
            columns=_digest(report.schema),
            types_id=table.types_id if table else "",
            contract=digest_contract(table.contract) if table else "",
            source_key=source.key if len(quote(source.key, safe=_SAFE)) <= _MAX_KEY else "",
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
                types_id=_get(metadata, "types-id"),
                contract=_get(metadata, "contract"),
                source_key=_get(metadata, "source-key"),
            )
        except (KeyError, ValueError):
            return None

    def write(self) -> dict[str, str]:
        """Return the metadata to put on the object."""
        values = {name.replace("_", "-"): str(value) for name, value in vars(self).items()}
        while len(quote(values["dialect"], safe=_SAFE)) > _MAX_DIALECT:
            values["dialect"] = values["dialect"][:-8]
        return {f"{_PREFIX}{name}": quote(value, safe=_SAFE) for name, value in values.items()}

    def is_in_step(self, table: Table) -> bool:
        """Return whether the table's types and contract are still those that the file was written by."""
        return (self.types_id, self.contract) == (table.types_id, digest_contract(table.contract))

    def is_like(self, other: "Stamp") -> bool:
        """Return whether both files have the same types, by the same contract.

        In a table that others made, types may change without a new id.
        """
        return (self.types_id, self.contract, self.columns) == (other.types_id, other.contract, other.columns)

    def is_of(self, source: ObjectInfo, converter_version: str) -> bool:
        """Return whether converting this source again would write the same rows."""
        return (self.source_etag, self.source_version, self.source_bytes, self.converter_version) == (
            source.etag,
            source.version_id or "",
            source.size,
            converter_version,
        )


def digest_contract(contract: str) -> str:
    """Return what tells contracts apart that read files differently; "" for none."""
    return hashlib.sha256(contract.encode()).hexdigest()[:12] if contract else ""


def _digest(schema: Sequence[Column]) -> str:
    stored = "\n".join(f"{column.name}:{column.type}" for column in schema)
    return hashlib.sha256(stored.encode()).hexdigest()[:16]


def _get(metadata: Mapping[str, str], name: str) -> str:
    return unquote(metadata[_PREFIX + name])
