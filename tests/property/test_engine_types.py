"""Types give every text back, in columns and in single cells."""

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvlake.engine.cells import Cells
from csvlake.engine.fit import fit_cell, fit_column
from csvlake.engine.kinds import EMPTY, Kind, choose_format, glue_type, join
from csvlake.engine.prove import classify
from tests.spelling import FAMILIES, is_text_of, write

DIGITS = st.text("0123456789", min_size=1, max_size=22)
NUMBERS = st.builds("{}{}{}{}".format, st.sampled_from(["", "", "-"]), DIGITS, st.sampled_from(["", "."]), DIGITS)
DATES = st.dates().map(str)
STAMPS = st.datetimes().map(lambda moment: moment.isoformat(sep=" ", timespec="milliseconds"))
SPELLINGS = """
    007 +7 -0 -007 0x1F 1e5 .5 5. 012.50 -0.00 00.50 nan inf 1,5 9223372036854775807 9223372036854775808
    -9223372036854775808 0 0.00 2020-02-30 0000-01-01 0001-01-01 2020-01-01T00:00:00 true TRUE False 1.2.3 --1 - .
    1-2 /1 1/2 1_000 NA 12.5 12.50 99999999999999999.99 01/02/2020 31/01/2020 01/31/2020 1/2/2020 30/02/2020 2/1/20
    1.2.2020 2020/01/02 31-Jan-2020 1-may-2020 2020-01-01T10:00 2020-1-1T10:00 2020-01-01T10:00:00Z 1,234 1,234,567 1,23
    123,456,789 1,234.5 0,123 1.234,50 12,50 1234,50 1'234'567 1,234.567,8 $1 1% 1e-05 1E5 1.0e+10 1.5e400 -0e1
    0.1234567890123456 0.12345678901234567 123456789012345678 Yes No t N yes
"""
HOSTILE = st.sampled_from([*SPELLINGS.split(), "1 234,50", "1 234", "1/2/2020 9:05", "01/31/2020 10:05:07 PM"])
TEXTS = st.one_of(
    st.integers(-999, 999).map(str), st.integers().map(str), NUMBERS, DATES, STAMPS, HOSTILE, st.text(max_size=5)
)
FAMILY = st.sampled_from(FAMILIES).flatmap(
    lambda family: st.lists(st.lists(st.sampled_from([*family, ""]), max_size=3), min_size=3, max_size=3)
)
TYPES = ["boolean", "bigint", "decimal(18,2)", "decimal(38,4)", "double", "date", "timestamp"]


def column_of(texts: list[str]) -> Cells:
    return Cells(pa.array([text.encode() or None for text in texts], pa.binary()))


def classify_parts(*parts: list[str]) -> Kind:
    """Join the kinds of parts as a conversion does: beside doubles, numbers are looked at once more."""
    known = EMPTY
    for _ in range(2):
        for texts in parts:
            known = join(known, classify(column_of(texts), known)[0])
    return known


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_a_column_gives_its_texts_back(texts: list[str]) -> None:
    cells = column_of(texts)
    kind, values = classify(cells)
    for wanted in {glue_type(kind), "string"}:
        format_ = choose_format(kind, wanted)
        array, misfits = fit_column(cells, kind, values, wanted, format_)
        assert not misfits
        for value, text in zip(array.to_pylist(), texts, strict=True):
            assert is_text_of(value, text, format_), (value, text, format_)


DATE_FORMATS = [
    f"{date}{time}"
    for date in ("%d/%m/%Y", "%-m/%-d/%Y", "%d.%m.%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%-m.%-d", "%d-%b-%Y", "%-d %b %Y")
    for time in ("", " %H:%M", " %-H:%M:%S", "T%H:%M:%S.%2f", " %I:%M %p", " %-I:%M:%S.%3f %p")
] + [f"%Y-%m-%d{time}" for time in (" %H:%M", "T%H:%M", "T%H:%M:%S", " %H:%M:%S.%1f", " %I:%M:%S %p")]
NUMBER_FORMATS = ["#,##0", "#,##0.##", "#'##0", "#'##0.###", "#.##0,00", "# ##0,0", "#\u202f##0,00", "# ##0.##"]
BOOLEAN_FORMATS = ["TRUE/FALSE", "True/False", "t/f", "T/F", "yes/no", "Yes/No", "YES/NO", "y/n", "Y/N", "1/0"]


@pytest.mark.parametrize("format_", DATE_FORMATS)
@settings(deadline=None, max_examples=30)
@given(st.lists(st.datetimes(min_value=datetime(1, 1, 1)), min_size=1, max_size=5))
def test_dates_of_one_format_are_read_when_the_column_proves_it(format_: str, moments: list[datetime]) -> None:
    texts = [write(moment, format_) for moment in moments]
    cells = column_of(["", *texts])
    kind, values = classify(cells)
    assert format_ in kind.formats
    is_open = format_[:3] != "%Y/" and "%b" not in format_ and all(moment.day <= 12 for moment in moments)
    wanted = "timestamp" if ":" in format_ else "date"
    assert glue_type(kind) == ("string" if is_open and format_[:2] != "%Y" else wanted)
    given_format = choose_format(kind, wanted, format_)
    array, misfits = fit_column(cells, kind, values, wanted, given_format)
    assert not misfits
    assert [write(value, given_format) for value in array.to_pylist()[1:]] == texts


@pytest.mark.parametrize("format_", NUMBER_FORMATS)
@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5))
def test_numbers_of_one_format_are_read_when_the_column_proves_it(format_: str, wholes: list[int]) -> None:
    scale = len(format_.partition("##0")[2][1:])
    numbers = [Decimal(whole).scaleb(-scale) for whole in wholes]
    texts = [write(number, format_) for number in numbers]
    cells = column_of([*texts, ""])
    kind, values = classify(cells)
    if kind.group and kind.is_proven:
        assert choose_format(kind, glue_type(kind)).partition("0")[0] == format_.partition("0")[0]
    wanted = f"decimal(38,{scale})" if scale else "bigint"
    array, misfits = fit_column(cells, kind, values, wanted, format_)
    assert not misfits
    assert array.to_pylist() == [*numbers, None]
    assert [write(value, format_) for value in array.to_pylist()[:-1]] == texts


@pytest.mark.parametrize("format_", BOOLEAN_FORMATS)
@settings(deadline=None, max_examples=20)
@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_booleans_of_one_spelling_are_read_where_they_are_wanted(format_: str, truths: list[bool]) -> None:
    cells = column_of([write(truth, format_) for truth in truths])
    kind, values = classify(cells)
    assert glue_type(kind) == ("boolean" if "rue" in format_.lower() else "bigint" if format_ == "1/0" else "string")
    assert choose_format(kind, "boolean") == format_
    assert fit_column(cells, kind, values, "boolean", format_) == (pa.array(truths), {})


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False).filter(bool), min_size=1, max_size=5))
def test_doubles_come_back_from_the_spelling_of_a_program(numbers: list[float]) -> None:
    texts = [*map(repr, numbers), "1e-05"]
    kind, values = classify(column_of(texts))
    expected = "string" if any(len(text.strip("-").partition(".")[0]) > 38 for text in texts) else "double"
    assert glue_type(kind) == expected
    if expected == "double":
        assert values.to_pylist() == [*numbers, 1e-05]


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6), st.sampled_from(TYPES))
def test_columns_fit_as_their_cells_do(texts: list[str], wanted: str) -> None:
    cells = column_of(texts)
    kind, values = classify(cells)
    array, misfits = fit_column(cells, kind, values, wanted)
    for row, (text, value) in enumerate(zip(texts, array.to_pylist(), strict=True)):
        expected = fit_cell(text, wanted) if text else None
        assert value == expected
        assert (row in misfits) == (expected is None and text != "")


@settings(deadline=None, max_examples=500)
@given(st.one_of(FAMILY, FAMILY, st.lists(st.lists(TEXTS, max_size=4), min_size=3, max_size=3)))
def test_kinds_of_parts_join_to_the_kind_of_the_whole(parts: list[list[str]]) -> None:
    whole = classify(column_of([text for texts in parts for text in texts]))[0]
    joined = classify_parts(*parts)
    assert glue_type(joined) == glue_type(whole)
    assert choose_format(joined, glue_type(joined)) == choose_format(whole, glue_type(whole))
    assert joined == classify_parts(*reversed(parts))
