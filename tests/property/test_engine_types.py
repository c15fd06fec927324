"""Types give every text back, in columns and in single cells, and all ways to prove them agree."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from csvlake.engine.cells import Cells
from csvlake.engine.fit import fit_cell, fit_column
from csvlake.engine.kinds import Kind, glue_type, join
from csvlake.engine.prove import classify
from csvlake.engine.speculate import prove_as

DIGITS = st.text("0123456789", min_size=1, max_size=22)
NUMBERS = st.builds("{}{}{}{}".format, st.sampled_from(["", "", "-"]), DIGITS, st.sampled_from(["", "."]), DIGITS)
DATES = st.dates().map(str)
STAMPS = st.datetimes().map(lambda moment: moment.isoformat(sep=" ", timespec="milliseconds"))
SPELLINGS = """
    007 +7 -0 -007 0x1F 1e5 .5 5. 012.50 -0.00 00.50 nan inf 1,5 9223372036854775807 9223372036854775808
    -9223372036854775808 0 0.00 2020-02-30 0000-01-01 0001-01-01 2020-01-01T00:00:00 true TRUE False 1.2.3 --1 - .
    1-2 /1 1/2 1_000 NA 12.5 12.50 99999999999999999.99
"""
HOSTILE = st.sampled_from(SPELLINGS.split())
TEXTS = st.one_of(
    st.integers(-999, 999).map(str), st.integers().map(str), NUMBERS, DATES, STAMPS, HOSTILE, st.text(max_size=5)
)
TYPES = ["boolean", "bigint", "decimal(18,2)", "decimal(38,4)", "double", "date", "timestamp"]


def column_of(texts: list[str]) -> Cells:
    return Cells(pa.array([text.encode() or None for text in texts], pa.binary()))


def spell(value: Any, text: str) -> str:
    """Return a value's text, in the spelling among the equivalent ones that the original has."""
    if value is None:
        return ""
    if isinstance(value, bool):
        spelled = str(value)
        return next((s for s in (spelled.lower(), spelled.upper(), spelled) if s == text), spelled)
    if isinstance(value, Decimal):
        whole, _, fraction = format(value, "f").partition(".")
        wanted = text.partition(".")[2]
        assert fraction.rstrip("0") == wanted.rstrip("0")
        return f"{whole}.{wanted}" if wanted else whole
    if isinstance(value, datetime):
        return value.isoformat(sep=text[10], timespec="milliseconds")[: len(text)]
    return value.isoformat() if isinstance(value, date) else str(value)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_a_column_gives_its_texts_back(texts: list[str]) -> None:
    cells = column_of(texts)
    kind, values = classify(cells)
    for wanted in {glue_type(kind), "string"}:
        array, misfits = fit_column(cells, kind, values, wanted)
        assert not misfits
        assert [spell(value, text) for value, text in zip(array.to_pylist(), texts, strict=True)] == texts


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6), st.sampled_from(TYPES))
def test_columns_fit_as_their_cells_do(texts: list[str], wanted: str) -> None:
    cells = column_of(texts)
    array, misfits = fit_column(cells, *classify(cells), wanted)
    for row, (text, value) in enumerate(zip(texts, array.to_pylist(), strict=True)):
        expected = fit_cell(text, wanted) if text else None
        assert value == expected
        assert (row in misfits) == (expected is None and text != "")


@settings(deadline=None)
@given(st.lists(st.one_of(NUMBERS, HOSTILE, st.integers(-999, 999).map(str), st.just("")), min_size=1, max_size=6))
def test_a_cheap_proof_says_what_the_thorough_one_says(texts: list[str]) -> None:
    cells = column_of(texts)
    kind, values = classify(cells)
    scales = {len(text.partition(".")[2]) for text in texts}
    for scale in scales:
        found = prove_as(cells, Kind("number", 10, scale))
        if found is not None:
            assert found[0] == kind
            assert found[1].equals(values)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
def test_kinds_of_parts_join_to_the_kind_of_the_whole(first: list[str], second: list[str]) -> None:
    kinds = [classify(column_of(texts))[0] for texts in (first, second)]
    whole = classify(column_of(first + second))[0]
    assert glue_type(join(*kinds)) == glue_type(whole)
    assert join(*kinds) == join(*reversed(kinds))
