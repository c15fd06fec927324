"""Ragged records are described many at a time as they are one by one."""

import os

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csvlake.engine.ragged import describe_plain, describe_records, join_ragged
from csvlake.engine.records import Record

CHECKED = settings(max_examples=int(os.environ.get("CSVLAKE_EXAMPLES", "500")), deadline=None)
SIGNS = st.sampled_from([*',;\t|\x1f\\"tn\x00\x01\x0b\x7f\x85aé€𝄞', ", ", "||"])
TEXTS = st.lists(st.one_of(SIGNS, st.characters(exclude_characters="\r\n", codec="utf-8")), max_size=12).map("".join)


@CHECKED
@given(
    st.lists(TEXTS, max_size=8),
    st.integers(2, 4),
    st.sampled_from([",", "\t", "|", "\x1f", "\\", "t", '"', ", ", "||"]),
)
@example(["a\tb\tc\t\\t", "\t"], 2, "\t")
def test_many_at_once_are_described_as_one_by_one(texts: list[str], width: int, delimiter: str) -> None:
    records = [Record(1, 0, text.encode(), tuple(text.encode().split(delimiter.encode()))) for text in texts]
    records = [record for record in records if len(record.cells) != width]
    rows = np.arange(len(records), dtype=np.int64) * 2
    cells = np.array([len(record.cells) for record in records], np.int64)
    raw = pa.array([record.raw.decode() for record in records], pa.string())
    found = describe_plain(rows, cells, raw, raw, width, delimiter)
    one_by_one = describe_records(rows.tolist(), records, width)
    assert found is not None
    assert found.members.to_pylist() == one_by_one.members.to_pylist()
    if len(records):
        assert describe_plain(rows, cells + 1, raw, raw, width, delimiter) is None


@CHECKED
@given(st.sets(st.integers(0, 30), max_size=8), st.data())
def test_parts_are_joined_in_the_order_of_their_rows(rows: set[int], data: st.DataObject) -> None:
    first = data.draw(st.sets(st.sampled_from(sorted(rows)), max_size=8)) if rows else set()
    parts = [
        describe_records(sorted(some), [Record(1, 0, str(row).encode(), (b"x",) * row) for row in sorted(some)], 100)
        for some in (first, rows - first)
    ]
    joined = join_ragged(parts)
    assert joined.rows.tolist() == joined.cells.tolist() == sorted(rows)
    assert [text.rpartition(" ")[2] for text in joined.members.to_pylist()] == [f'"{row}"' for row in sorted(rows)]
