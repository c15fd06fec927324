"""The whole report as JSON: ``convert --report`` and ``inspect --json``."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import pytest

from csvlake.cli.reading import write_report
from csvlake.engine.model import Reject, Report
from csvlake.files import inspect_file

TEXT = 'Totals of May\n\nId,Name\n1,é\n2,"NA"\n# "a" \\ comment\nSum,3\n'


class Counted(io.StringIO):
    """A file that forgets what is written, but for how much that was."""

    def __init__(self) -> None:
        super().__init__()
        self.characters = 0

    def write(self, text: str) -> int:
        self.characters += len(text)
        return len(text)


class Streamed(Sequence[Reject]):
    """Rejects that are made as they are asked for, each only when the one before it was written."""

    def __init__(self, count: int, file: Counted) -> None:
        self._count = count
        self._file = file

    def __iter__(self) -> Iterator[Reject]:
        for number in range(self._count):
            before = self._file.characters
            yield Reject(number + 2, number * 10, 'quote " and é', b'1,"\xff\n')
            assert 50 < self._file.characters - before < 1_000

    def __len__(self) -> NoReturn:
        raise AssertionError("list() asks for the length")

    def __getitem__(self, index: Any) -> NoReturn:
        raise AssertionError("to look one up costs a block of the scratch file")


@pytest.fixture
def report(tmp_path: Path) -> Report:
    path = tmp_path / "in.csv"
    path.write_text(TEXT, encoding="utf-8")
    return inspect_file(path)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_is_written_as_json_dumps_would(count: int, report: Report) -> None:
    report.rejects = [Reject(4, 17, 'quote " and é', b'1,"\xff\n')] * count
    plain = asdict(report)
    plain["rejects"] = [{**one._asdict(), "raw": '1,"\\xff\n'} for one in report.rejects]
    plain["skipped"] = [{**one._asdict(), "text": one.text.decode()} for one in report.skipped]
    assert plain["skipped"]
    file = io.StringIO()
    write_report(report, file)
    assert file.getvalue() == json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def test_many_rejects_are_written_one_by_one(report: Report) -> None:
    file = Counted()
    report.rejects = Streamed(200_000, file)
    write_report(report, file)
    assert file.characters > 20_000_000
