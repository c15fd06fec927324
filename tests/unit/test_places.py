"""Where rows stand in a block's text: three ways, of which each says the same."""

import pytest

from csvlake.engine.blocks import read_block
from csvlake.engine.kinds import TEXT
from csvlake.engine.layout import Layout
from csvlake.engine.model import Dialect
from csvlake.engine.places import Place, find_places
from tests.unit.test_slow_bytes import Watched

ROWS = 100
QUOTED = [b'%d,"a ""b"" \r\n c"' % row if row % 7 == 0 else b"%d,x" % row for row in range(ROWS)]
PLAIN = [b"%d,x" % row for row in range(ROWS)]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    monkeypatch.setattr("csvlake.engine.places.read_records", watched)
    return watched


def find(lines: list[bytes], end: bytes, rows: list[int], *, last: bytes | None = None) -> dict[int, Place]:
    layout = Layout(Dialect(",", '"', None, "utf-8", None, True, 0, "\n"), ("a", "b"), 5, 2, None, comment="#")
    data = end.join(lines) + (end if last is None else last)
    block = read_block(data, layout, [TEXT, TEXT], offset=1000)
    return find_places(block, data, layout, rows)


def expect(lines: list[bytes], end: bytes, rows: list[int]) -> dict[int, Place]:
    before = {row: end.join([*lines[:row], b""]) for row in rows}
    return {
        row: Place(1 + len(text.splitlines()), 1000 + len(text), lines[row]) for row, text in sorted(before.items())
    }


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("lines", [PLAIN, QUOTED])
@pytest.mark.parametrize("rows", [[0], [99], [7, 8, 0], [98, 14, 15, 16, 99]])
def test_some_rows_are_found_without_reading_the_others(
    lines: list[bytes], end: bytes, rows: list[int], watched: Watched
) -> None:
    assert find(lines, end, rows) == expect(lines, end, rows)
    assert find(lines, end, rows, last=b"") == expect(lines, end, rows)
    assert not watched.calls


@pytest.mark.parametrize("lines", [PLAIN, QUOTED])
def test_all_rows_are_found(lines: list[bytes], watched: Watched) -> None:
    rows = list(range(ROWS))
    assert find(lines, b"\n", rows) == expect(lines, b"\n", rows)
    assert watched.calls == (lines is QUOTED)


@pytest.mark.parametrize("between", [b"", b"# no row", b'4,"5" 6', b'"7'])
@pytest.mark.parametrize("lines", [PLAIN, QUOTED])
def test_what_is_no_row_is_counted_and_what_is_odd_is_read(lines: list[bytes], between: bytes) -> None:
    places = find([*lines[:50], between, *lines[50:]], b"\n", [20, 80])
    is_row = between.startswith(b"4")
    assert places[20] == expect(lines, b"\n", [20])[20]
    assert places[80].raw == lines[80 - is_row]


def test_rows_of_one_column_may_be_blank() -> None:
    layout = Layout(Dialect("", None, None, "utf-8", None, True, 0, "\n"), ("a",), 2, 2, None)
    data = b"x\n\n\ny\n"
    block = read_block(data, layout, [TEXT], offset=2)
    assert find_places(block, data, layout, [1, 3]) == {1: Place(2, 4, b""), 3: Place(4, 6, b"y")}
