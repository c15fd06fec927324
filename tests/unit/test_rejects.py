"""Many rejects go to a scratch file and come back as they were."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from csvlake.engine import convert, open_source
from csvlake.engine.model import ConvertOptions, Reject
from csvlake.engine.records import Records, read_records
from csvlake.engine.rejects import Rejects
from csvlake.errors import TransientError


@pytest.fixture(autouse=True)
def few_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csvlake.engine.rejects._HELD_BYTES", 5_000)


def make(count: int) -> list[Reject]:
    return [Reject(number, number * 10, f"größer als {number}", bytes([number % 256]) * 7) for number in range(count)]


@pytest.mark.parametrize("count", [0, 3, 100, 1_000])
def test_they_are_a_sequence_wherever_they_are(count: int, tmp_path: Path) -> None:
    rejects = Rejects(tmp_path)
    for at in range(0, count, 60):
        rejects.add(make(count)[at : at + 60], 5)
    expected = [Reject(one.line + 12, one.byte_offset, one.reason, one.raw) for one in make(count)]
    got = rejects.finish(7)
    assert list(got) == expected
    assert list(got) == expected  # once more
    assert (len(got), bool(got)) == (count, bool(count))
    assert [got[at] for at in range(-count, count)] == expected * 2
    assert (list(got[2:40]), list(got[::-7]), list(got[-3:])) == (expected[2:40], expected[::-7], expected[-3:])
    with pytest.raises(IndexError):
        got[count]


def test_most_of_them_are_in_a_file_without_a_name(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path)
    rejects.add(make(1_000), 0)
    assert len(rejects._held) < 20
    assert not list(tmp_path.iterdir())


def test_a_long_one_is_read_back_by_itself(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path)
    long = Reject(9, 90, "long", b"x" * 6_000)
    rejects.add([*make(3), long, *make(3)], 0)
    assert [count for count, *_ in rejects._blocks] == [3, 1]
    assert list(rejects.finish(1)) == [one.behind(1) for one in [*make(3), long, *make(3)]]


def test_a_scratch_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="cannot write a scratch file"):
        Rejects(tmp_path / "missing").add(make(100), 0)


@pytest.mark.parametrize("memory_bytes", [1 << 20, 300 << 20])  # in batches, and as a whole
def test_a_file_with_many_tells_all_of_them(memory_bytes: int, tmp_path: Path) -> None:
    lines = [b"%d,\xff" % number if number % 40 == 3 else b"%d,caf\xc3\xa9" % number for number in range(120_000)]
    (tmp_path / "in.csv").write_bytes(b"a,b\n" + b"\n".join(lines) + b"\n")
    options = ConvertOptions(encoding="utf-8", memory_bytes=memory_bytes, scratch_dir=tmp_path)
    converted = convert(open_source(tmp_path / "in.csv"), options)
    rejects = converted.report.rejects
    assert isinstance(rejects, Rejects)
    assert (converted.path is None) == (memory_bytes > 1 << 20)
    assert [(one.line, one.raw) for one in rejects] == [(at + 2, raw) for at, raw in enumerate(lines) if at % 40 == 3]
    if converted.path is not None:
        converted.path.unlink()


@pytest.mark.parametrize("cell", [b"3", b'"3"'])
def test_odd_lines_that_follow_each_other_are_read_at_once(cell: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def read(*given: Any, **named: Any) -> Records:
        calls.append(given)
        return read_records(*given, **named)

    for module in ("blocks", "odd"):
        monkeypatch.setattr(f"csvlake.engine.{module}.read_records", read)
    good = b"1,2,text\n" * 9_000
    odd = b"%b,4\n" * 500 + b"# no row %b\n" * 500 + b"\n" + b"%b,6\n\n" + b"%b,8,9,10\n" * 500
    odd = odd.replace(b"%b", cell)
    report = convert(open_source(b"a,b,c\n" + good + odd + good)).report
    assert (report.records_read, report.rows_rescued) == (19_001, 1_001)
    assert [line.line for line in report.skipped if line.kind == "comment"] == list(range(9_502, 10_002))
    assert len(calls) < 20
    assert bool(calls) == (cell == b'"3"')


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_small_file_of_very_many_lines_goes_in_batches(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    module = import_module("csvlake.engine.convert")  # the package's attribute is the function
    monkeypatch.setattr(module, "_MANY_LINES", 100)
    for count, is_streamed in ((50, False), (500, True)):
        converted = convert(open_source(end.join([b"a,b", *[b"1,2"] * count, b""])))
        assert converted.report.rows_written == count
        assert (converted.path is not None) == is_streamed
        if converted.path is not None:
            converted.path.unlink()
