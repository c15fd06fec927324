"""Hold records that have too many or too few cells as what is kept of them, many at a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.records import Record

__all__ = ["NONE", "Ragged", "describe_plain", "describe_records", "encode", "find_signs", "join_ragged"]

encode = json.JSONEncoder(ensure_ascii=False).encode  # of a text; of what holds several it makes an encoder each time
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\t": "\\t"}  # in JSON, and frequent; the other control characters are rare
_RARE = r"[\x00-\x08\x0a-\x1f]"


@dataclass(frozen=True)
class Ragged:
    """Records that have not the table's width.

    Attributes:
        rows: theirs, in ascending order.
        cells: how many each of them has.
        members: of each of them, in the JSON object that is its ``_rescued_data``: ``_extra_cells`` or
            ``_missing_cells``, and ``_raw``, the whole record.
    """

    rows: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    members: pa.StringArray

    def __len__(self) -> int:
        return len(self.rows)

    def behind(self, rows: int) -> "Ragged":
        """Return the same with so many rows before them."""
        return replace(self, rows=self.rows + rows)


NONE = Ragged(np.empty(0, np.int64), np.empty(0, np.int64), pa.array([], pa.string()))


def join_ragged(parts: Sequence[Ragged]) -> Ragged:
    """Return all of them, whose rows are all different, in the order of their rows."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else NONE
    rows = np.concatenate([part.rows for part in parts])
    cells = np.concatenate([part.cells for part in parts])
    members = pa.concat_arrays([part.members for part in parts])
    if (np.diff(rows) > 0).all():
        return Ragged(rows, cells, members)
    order = np.argsort(rows)
    return Ragged(rows[order], cells[order], members.take(pa.array(order)))


def describe_records(rows: Sequence[int], records: Sequence[Record], width: int) -> Ragged:
    """Describe records one by one."""
    members = pa.array([_describe(record, width) for record in records], pa.string())
    cells = np.array([len(record.cells) for record in records], np.int64)
    return Ragged(np.array(rows, np.int64), cells, members)


def _describe(record: Record, width: int) -> str:
    raw = f'"_raw": {encode(record.raw.decode())}'
    if len(record.cells) < width:
        return f'"_missing_cells": {width - len(record.cells)}, {raw}'
    extra = ", ".join([encode(cell.decode()) for cell in record.cells[width:]])
    return f'"_extra_cells": [{extra}], {raw}'


def describe_plain(
    rows: npt.NDArray[np.int64],
    cells: npt.NDArray[np.int64],
    raw: pa.StringArray,
    bare: pa.StringArray,
    width: int,
    delimiter: str,
) -> Ragged | None:
    """Describe records that have no quotes, or are too short; None where one has not so many cells.

    Args:
        rows: as in `Ragged`.
        cells: how many each has.
        raw: their text.
        bare: the same without the cells that are quoted, so that each delimiter parts two cells.
        width: the table's.
        delimiter: theirs.
    """
    found = pc.count_substring(bare, delimiter).to_numpy(zero_copy_only=False) + 1
    if (found != cells).any():
        return None
    is_short = cells < width
    heads = _join('"_missing_cells": ', pa.array(width - cells).cast(pa.string()), ', "_raw": "')
    if not is_short.all():
        long = raw.filter(pa.array(~is_short))
        tails = pc.split_pattern(pc.list_element(pc.split_pattern(long, delimiter, max_splits=width), width), delimiter)
        extra = pc.binary_join(pa.ListArray.from_arrays(tails.offsets, _escape(tails.values)), '", "')
        heads = pc.replace_with_mask(heads, pa.array(~is_short), _join('"_extra_cells": ["', extra, '"], "_raw": "'))
    return Ragged(rows, cells, _join(heads, _escape(raw), '"'))


def _escape(texts: pa.StringArray) -> pa.StringArray:
    """Return what stands between the quotes of each text's JSON."""
    signs = find_signs(texts, '\\"')
    out = texts
    for sign, escaped in _ESCAPED.items():
        if sign in signs:
            out = pc.replace_substring(out, sign, escaped)
    if any(sign < " " for sign in signs - _ESCAPED.keys()):
        is_rare = pc.match_substring_regex(texts, _RARE)
        rare = [encode(text)[1:-1] for text in texts.filter(is_rare).to_pylist()]
        out = pc.replace_with_mask(out, is_rare, pa.array(rare, pa.string()))
    return out


def find_signs(texts: pa.Array, signs: str) -> set[str]:
    """Return the control characters, and those of some ASCII signs, that are in texts which fill their array."""
    buffer = texts.buffers()[2]
    content = buffer.to_pybytes() if buffer else b""
    codes = np.frombuffer(content, np.uint8)
    return {*map(chr, set(codes[codes < ord(" ")].tobytes())), *(sign for sign in signs if sign.encode() in content)}


def _join(*parts: pa.StringArray | str) -> pa.StringArray:
    return pc.binary_join_element_wise(*parts, "")
