"""What counting says is uniform is read by Python's csv as by our own reader of records."""

import os

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from csvlake.engine.choice import QUOTED, Given
from csvlake.engine.counting import _shrink_quoted, choose_plainly
from csvlake.engine.dialect import _HEADER_ROWS, _read_uniform
from csvlake.engine.grammar import compile_grammar
from csvlake.engine.sample import read_rows

CHECKED = settings(max_examples=int(os.environ.get("CSVLAKE_EXAMPLES", "500")), deadline=None)
CELLS = st.lists(
    st.sampled_from(["a", "1", '"', ",", ";", "\n", "\r\n", "\r", " ", "é", "\x00", "\x0b", "\x85"]), max_size=4
)
BYTES = st.lists(st.sampled_from([b'"', b"a", b",", b"\n", b"\xff"]), max_size=12).map(b"".join)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    delimiter, end = draw(st.sampled_from(",;|\t")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS.map("".join), min_size=width, max_size=width), min_size=2, max_size=60))

    def write(cell: str) -> str:
        is_quoted = draw(st.booleans()) or any(sign in cell for sign in ('"', delimiter, "\n", "\r"))
        return '"' + cell.replace('"', '""') + '"' if is_quoted else cell

    text = end.join(delimiter.join(map(write, row)) for row in rows) + draw(st.sampled_from(["", end]))
    return text.encode()


@CHECKED
@given(texts(), st.booleans())
def test_uniform_texts_are_read_as_by_our_reader(text: bytes, final: bool) -> None:
    choice = choose_plainly(text, final, Given())
    assume(choice is not None and choice.uniform)
    assert choice is not None
    rows = _read_uniform(text, choice)
    ours = read_rows(text, compile_grammar(choice.delimiter, choice.quote, choice.escape), final, _HEADER_ROWS).rows
    if final:
        assert rows == ours
    elif rows is not None:
        assert rows[: len(ours)] == ours


@CHECKED
@given(BYTES)
def test_runs_of_quoted_strings_shrink_as_the_pattern_says(data: bytes) -> None:
    assert _shrink_quoted(data) == QUOTED.sub(b'"', data)
