"""Say for each source key which table it feeds, in which partition, and at which key its Parquet object stands.

Pure and total: the answer depends on the key alone, so a re-upload, a deletion and a redelivered event find the same
object. The mapping is injective: wherever a name had to change on its way, a hash of the whole source key is added.

``csv-files/sales/dt=2026-01-01/x.csv`` → ``parquet-files/sales/dt=2026-01-01/x.csv.parquet``

Everything under the prefix is data, whatever its extension, since vendors call CSVs ``.txt``, ``.dat`` or nothing at
all; what is not a CSV is refused by the engine, with a reason. Not data: folders (keys that end with a slash) and
names, of a file or of any folder above it, that begin with ``_`` or ``.``, which Athena ignores as well.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

from csvlake.errors import TerminalError
from csvlake.lake.partitions import NULL_VALUE, format_folder, unescape_value

__all__ = ["Layout", "Placement", "contract_key", "contract_table", "is_data", "place"]

_CONTRACT_NAME = "_contract.yaml"

_MAX_KEY_BYTES = 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MAX_NAME = 255  # of a Glue table or a partition key
_HASH_DIGITS = 12
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")  # in a folder or file name; S3's "safe characters" less !*'() and =
_NOT_IDENTIFIER = re.compile(r"[^a-z0-9_]+")
_SUFFIX = re.compile(r"(?:\.(?:csv|tsv|tab|psv|txt|dat))?(?:\.(?:gz|gzip|zip|zst|bz2|xz))?$", re.IGNORECASE)
_LOOKS_HASHED = re.compile(rf"(?:^|-)[0-9a-f]{{{_HASH_DIGITS}}}$")


@dataclass(frozen=True)
class Layout:
    """The prefixes of the data bucket, each with its slash at the end."""

    source_prefix: str = "csv-files/"
    target_prefix: str = "parquet-files/"

    def table_prefix(self, table: str) -> str:
        """Return the prefix under which all of a table's Parquet objects stand."""
        return f"{self.target_prefix}{table}/"


@dataclass(frozen=True)
class Placement:
    """Where one source object belongs.

    Attributes:
        partitions: (key, value) in path order; values as Athena shows them, not as the path spells them.
        partition_prefix: the folder of the partition, or of the table where it has none; ends with a slash.
    """

    source_key: str
    table: str
    partitions: tuple[tuple[str, str], ...]
    partition_prefix: str
    target_key: str


def is_data(key: str, layout: Layout) -> bool:
    """Return whether a key is one that a table is made of, refused ones included."""
    if not key.startswith(layout.source_prefix) or key.endswith("/"):
        return False
    return not any(part.startswith(("_", ".")) for part in key.removeprefix(layout.source_prefix).split("/"))


def place(key: str, layout: Layout) -> Placement | None:
    """Map a source key.

    Returns:
        None where the key is not data.

    Raises:
        TerminalError: the key cannot be mapped: one partition key twice, or a path too long for S3.
    """
    if not is_data(key, layout):
        return None
    parts = key.removeprefix(layout.source_prefix).split("/")
    *folders, file_name = parts
    first = folders[0] if folders else _split_suffix(file_name)[0]
    table = _identifier(first)
    partitions, others = _split_folders(folders[1:])
    stem, suffix = _split_suffix(file_name)
    table_prefix = layout.table_prefix(table)
    partition_prefix = table_prefix + "".join(f"{format_folder(*partition)}/" for partition in partitions)
    mirrored = layout.target_prefix + "/".join(parts)
    clean = partition_prefix + "".join(f"{_clean(folder)}/" for folder in others) + _clean(stem) + suffix
    if clean != mirrored or _LOOKS_HASHED.search(stem):
        clean = _hashed(key, partition_prefix, others, file_name)
    target_key = f"{clean}.parquet"
    if len(target_key.encode()) > _MAX_KEY_BYTES:
        target_key = f"{_hashed(key, partition_prefix, [], '')}.parquet"
    if len(target_key.encode()) > _MAX_KEY_BYTES:
        raise TerminalError(
            "key_too_long", f"the partition folders of {key!r} leave no room for a file name: shorten them"
        )
    return Placement(key, table, tuple(partitions), partition_prefix, target_key)


def contract_key(table: str, layout: Layout) -> str:
    """Return the key at which a table's contract stands."""
    return f"{layout.source_prefix}{table}/{_CONTRACT_NAME}"


def contract_table(key: str, layout: Layout) -> str | None:
    """Return the table that a contract is for, None where the key is none of a contract.

    Raises:
        TerminalError: several folders may feed the table, and this is not the one whose contract counts.
    """
    folder, _, name = key.removeprefix(layout.source_prefix).rpartition("/")
    if not key.startswith(layout.source_prefix) or name != _CONTRACT_NAME or not folder:
        return None
    table = _identifier(folder.partition("/")[0])
    if key != contract_key(table, layout):
        raise TerminalError(
            "contract_place", f"the contract of the table {table} must stand at {contract_key(table, layout)}"
        )
    return table


def _hashed(key: str, partition_prefix: str, folders: list[str], file_name: str) -> str:
    stem, suffix = _split_suffix(file_name)
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    path = partition_prefix + "".join(f"{_clean(folder)}/" for folder in folders)
    return f"{path}{_clean(stem)}-{digest}{suffix}" if stem else f"{path}{digest}{suffix}"


def _split_folders(folders: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Part ``k=v`` folders from plain ones, so that a partition has one folder wherever its key stands."""
    partitions: list[tuple[str, str]] = []
    others = []
    for folder in folders:
        name, equals, value = folder.partition("=")
        key = _identifier(name) if equals and name else ""
        if not key:
            others.append(folder)
            continue
        if any(key == known for known, _ in partitions):
            raise TerminalError(
                "partition_layout", f"the partition key {key!r} stands twice in the path: rename one folder"
            )
        partitions.append((key, unescape_value(value) or NULL_VALUE))
    return partitions, others


def _split_suffix(file_name: str) -> tuple[str, str]:
    """Split ``orders.csv.gz`` into ``orders`` and ``.csv.gz``; the stem is never empty."""
    found = _SUFFIX.search(file_name)
    at = found.start() if found else len(file_name)
    return (file_name[:at], file_name[at:]) if at else (file_name, "")


def _transliterate(text: str) -> tuple[str, bool]:
    """Return the text in ASCII, and whether a letter or digit had no ASCII form."""
    spelled = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    kept = "".join(char for char in spelled if not unicodedata.combining(char))
    lost = any(not char.isascii() and char.isalnum() for char in kept)
    return "".join(char if char.isascii() else "_" for char in kept), lost


def _clean(name: str) -> str:
    """Return a folder or file name of safe characters that Athena does not take for a hidden one."""
    return _UNSAFE.sub("_", _transliterate(name)[0]).lstrip("_.") or "x"


def _identifier(name: str) -> str:
    """Return a name for Glue: lower-case ASCII letters, digits and underscores, at most 255, never empty.

    Case, blanks and punctuation are equivalences: ``Sales 2024`` and ``sales-2024`` feed one table. Names whose letters
    have no ASCII form would all become the same, so these get a hash of the name.
    """
    spelled, lost = _transliterate(name)
    clean = _NOT_IDENTIFIER.sub("_", spelled.lower()).lstrip("_")
    if not lost and clean and len(clean) <= _MAX_NAME:
        return clean
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "_".join(filter(None, (clean[: _MAX_NAME - 9].strip("_") or "t", digest)))
