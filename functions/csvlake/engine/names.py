# ruff: noqa: RUF001 - letters that look like Latin ones are the subject here
"""Make column names that Glue and Athena accept out of header texts. Pure.

The same text gives the same name wherever it stands, duplicates excepted: tables match columns by name.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from csvlake.engine.model import RESCUED_COLUMN

__all__ = ["RESERVED_NAMES", "clean_names"]

MAX_CHARS = 255  # https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
RESERVED_NAMES = frozenset({RESCUED_COLUMN, "_extra_cells", "_missing_cells", "_raw"})
_RUN = re.compile(r"[^a-z0-9_]+")
_PLAIN = re.compile(r"[a-z0-9_]+")

_LATIN = "ß:ss æ:ae œ:oe ø:o đ:d ð:d ł:l þ:th ı:i ħ:h ŧ:t ŋ:n"
_CYRILLIC = (
    "а:a б:b в:v г:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh "
    "щ:shch ъ: ы:y ь: э:e ю:yu я:ya і:i ї:yi є:ye ґ:g"
)
_GREEK = "α:a β:b γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r σ:s ς:s τ:t υ:y φ:f χ:ch ψ:ps ω:o"
_TABLE = {ord(pair[0]): pair[2:] for pair in f"{_LATIN} {_CYRILLIC} {_GREEK}".split()}


def clean_names(texts: Sequence[str]) -> list[str]:
    """Return one name a header text: lower-case ASCII, at most 255 characters, all different.

    An empty text becomes ``column_<position>``; the second column of one name gets ``_2``, unless another column
    bears that name by itself. Letters of scripts that are not transliterated are written by their code points, so that
    they too are names that do not depend on the column's position.
    """
    names = [_clean(text) or f"column_{position}" for position, text in enumerate(texts, start=1)]
    taken, own = set(RESERVED_NAMES), set(names)
    counts: dict[str, int] = {}
    out = []
    for base in names:
        name = base
        while name in taken or (name != base and name in own):
            counts[base] = count = counts.get(base, 1) + 1
            name = _cut(base, f"_{count}")
        taken.add(name)
        out.append(name)
    return out


def _clean(text: str) -> str:
    lowered = text.strip().lower()
    if _PLAIN.fullmatch(lowered):
        return _cut(lowered)
    plain = unicodedata.normalize("NFKD", lowered.translate(_TABLE)).translate(_TABLE)
    chars = (
        char if char.isascii() else f"_u{ord(char):04x}_" if char.isalnum() else "_"
        for char in plain
        if not unicodedata.combining(char)
    )
    name = _RUN.sub("_", "".join(chars))
    name = re.sub("__+", "_", name).strip("_") if "_" not in lowered else name.strip("_")
    if lowered.startswith("_"):
        name = f"_{name}"
    if not name.strip("_"):
        name = "_".join(f"u{ord(char):04x}" for char in lowered if not char.isspace())
    return _cut(name)


def _cut(name: str, suffix: str = "") -> str:
    """Return a name with a suffix; where it is too long, a hash stands for what is cut off."""
    if len(name) + len(suffix) <= MAX_CHARS:
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: MAX_CHARS - len(suffix) - 9]}_{digest}{suffix}"
