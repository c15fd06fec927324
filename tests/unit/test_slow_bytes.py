"""What is odd costs its own neighbourhood: the rest of a file never goes through the tolerant reader."""

from importlib import import_module
from typing import Any

import pytest

from csvlake.engine import convert, open_source
from csvlake.engine.model import ConvertOptions, Report
from csvlake.engine.records import Records, read_records

ROW = b"12345,some text here,2024-01-05,12.50,more\n"
ROWS = 1_160_000  # 50 MB
EVERY = 10_000
NEAR = 4 << 10  # read one by one before counting quotes is tried again; a record more may begin in it
HALF = 64 << 10  # of halving, what is no longer halved
CLEAR = {
    "a quote in a cell": b'1,5" pipe,2024-01-01,1.00,x\n',
    "a quote in a cell, others are quoted": b'1,5" pipe,2024-01-01,"1.00","x"\n',
    "quotes in quotes": b'1,"a "b" c",2024-01-01,1.00,x\n',
    "text behind quotes": b'1,"a" b,2024-01-01,1.00,x\n',
}
QUOTED = {
    "quotes in quotes over two lines": b'1,"a "b" x\nc",2024-01-01,1.00,x\n',
    "a quote that never closes": b'1,"never,2024-01-01,1.00,x\n',
}


class Watched:
    """Bytes that the tolerant reader went through, and calls of it."""

    def __init__(self) -> None:
        self.read_bytes = 0
        self.given_bytes = 0
        self.calls = 0

    def __call__(self, data: bytes, *given: Any, **named: Any) -> Records:
        read = read_records(data, *given, **named)
        self.read_bytes += read.consumed
        self.given_bytes += len(data)
        self.calls += 1
        return read


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched()
    for name in ("blocks", "cutter", "odd", "places"):
        monkeypatch.setattr(import_module(f"csvlake.engine.{name}"), "read_records", watched)
    return watched


def read(*parts: bytes) -> Report:
    converted = convert(open_source(b"id,text,day,amount,rest\n" + b"".join(parts)), ConvertOptions(encoding="utf-8"))
    if converted.path is not None:
        converted.path.unlink()
    return converted.report


def test_a_regular_file_never_meets_the_tolerant_reader(watched: Watched) -> None:
    assert read(ROW * ROWS).rows_written == ROWS
    assert watched.calls == 0


@pytest.mark.parametrize("kind", CLEAR)
def test_odd_quotes_that_leave_no_doubt_do_not_meet_it_either(kind: str, watched: Watched) -> None:
    assert read((ROW * 9 + b'7,"some text",2024-01-05,12.50,more\n' + CLEAR[kind]) * 20_000).rows_written == 220_000
    assert read(CLEAR[kind], (ROW * EVERY + CLEAR[kind]) * 40).rows_written == 40 * EVERY + 41
    assert watched.calls == 0


@pytest.mark.parametrize("kind", QUOTED)
def test_one_odd_quote_in_a_long_file_costs_some_kilobytes(kind: str, watched: Watched) -> None:
    report = read(ROW * (ROWS // 2), QUOTED[kind], ROW * (ROWS // 2))
    assert report.records_read == ROWS + 1
    assert watched.calls > 0
    assert watched.read_bytes <= NEAR + len(ROW)


@pytest.mark.parametrize("kind", QUOTED)
def test_odd_quotes_here_and_there_cost_some_kilobytes_each(kind: str, watched: Watched) -> None:
    count = 40
    report = read((ROW * EVERY + QUOTED[kind]) * count)
    assert report.records_read == count * (EVERY + 1)
    assert watched.calls > 0
    assert watched.read_bytes <= (count + 1) * (NEAR + len(ROW))  # the first is in the sample too


@pytest.mark.parametrize("cells", [b"1,2\n", b'1,"2"\n', b'1,2,2024-01-01,4,5,6,"7"\n'])
def test_records_of_another_width_cost_themselves(cells: bytes, watched: Watched) -> None:
    count = 40
    assert read((ROW * EVERY + cells) * count).rows_rescued == count
    assert watched.read_bytes <= 2 * count * len(cells)  # those at the beginning are in the sample too


def test_an_undecodable_record_costs_what_is_not_halved(watched: Watched) -> None:
    count = 40
    report = read((ROW * EVERY + b"1,caf\xe9,2024-01-01,1.00,x\n") * count)
    assert (report.records_rejected, report.rows_written) == (count, count * EVERY)
    assert watched.read_bytes <= count * HALF


def test_a_quote_near_the_end_that_never_closes_costs_the_end(watched: Watched) -> None:
    report = read(ROW * ROWS, QUOTED["a quote that never closes"], ROW * 5)
    assert (report.records_rejected, report.rows_written) == (1, ROWS + 5)
    assert watched.given_bytes <= 1 << 10
