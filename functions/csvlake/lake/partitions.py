"""Read and write Hive partition folders, ``key=value``, as Hive, Glue and Athena do.

A value is text; in a path some characters stand as ``%XX``. The set is Hive's own, from ``FileUtils.charToEscape``:
https://github.com/apache/hive/blob/master/common/src/java/org/apache/hadoop/hive/common/FileUtils.java
"""

import re

__all__ = ["NULL_VALUE", "escape_value", "format_folder", "unescape_value"]

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"  # Hive's spelling of null, in the path and in Glue

_ESCAPED = frozenset({*map(chr, range(1, 0x20)), *"\"#%'*/:=?\\\x7f{[]^"})
_CODE = re.compile("%([0-9A-Fa-f]{2})")


def escape_value(value: str) -> str:
    """Spell a partition value as a folder's name has it."""
    return "".join(f"%{ord(char):02X}" if char in _ESCAPED else char for char in value)


def unescape_value(text: str) -> str:
    """Read a partition value from a folder's name.

    A percent sign that is not followed by two hexadecimal digits stands for itself, and so does a code outside ASCII,
    which Hive never writes.
    """
    return _CODE.sub(lambda found: chr(code) if 0 < (code := int(found[1], 16)) < 0x80 else found[0], text)


def format_folder(key: str, value: str) -> str:
    """Return the folder of a partition, without a slash."""
    return f"{key}={escape_value(value)}"
