"""``csvlake backfill``."""

import json
from collections.abc import Sequence

import pytest

from csvlake import __version__, cli
from csvlake.errors import TransientError
from tests.lakes import run
from tests.operator_fakes import MemoryWatchedQueue, StackInMemory


@pytest.fixture
def given() -> StackInMemory:
    stack = StackInMemory()
    lake = stack.lake
    lake.version = __version__
    assert not run(lake.batch(), lake.upload("t/a.csv", "id", "1"), lake.upload("t/empty.csv"))
    for number in range(3):
        lake.upload(f"t/new{number}.csv", "id", "1")
    lake.upload("u/new.csv", "id", "1")
    return stack


def sent(given: StackInMemory) -> list[str]:
    return [json.loads(body)["key"] for body in given.lake.queue.receive()]


@pytest.mark.parametrize("prefix", ["t/", "csv-files/t/", "s3://lake/csv-files/t/"])
def test_what_was_never_converted_is_sent(
    given: StackInMemory, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["backfill", prefix], given.open) == 0
    assert sent(given) == [f"csv-files/t/new{number}.csv" for number in range(3)]
    assert capsys.readouterr().out.splitlines() == [
        "5 looked at, 3 sent: csvlake status shows how far the converter is",
        "        1 settled",
        "        1 refused by this version",
        "        3 never converted",
    ]


def test_a_dry_run_sends_nothing(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backfill", "", "--dry-run"], given.open) == 0
    told = capsys.readouterr().out
    assert "csv-files/u/new.csv\tnever converted\n" in told
    assert "t/a.csv" not in told
    assert sent(given) == []


def test_all_and_after(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backfill", "t/", "--all", "--after", "csv-files/t/a.csv"], given.open) == 0
    assert sent(given) == ["csv-files/t/empty.csv", *(f"csv-files/t/new{number}.csv" for number in range(3))]
    assert "4 looked at, 4 sent" in capsys.readouterr().out


def test_where_nothing_is_it_says_so(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["backfill", "none/"], given.open) == 0
    assert "there is no CSV under csv-files/none/" in capsys.readouterr().out


class FailingQueue(MemoryWatchedQueue):
    """A queue that takes one request and no more."""

    def send_many(self, bodies: Sequence[str], delay_s: int) -> None:
        if self.batches:
            raise TransientError("SQS is away")
        super().send_many(bodies, delay_s)


def test_a_run_that_stopped_says_how_to_go_on(given: StackInMemory, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(20):
        given.lake.upload(f"v/{number:02}.csv", "id", "1")
    given.queue = FailingQueue(given.lake.queue)
    assert cli.main(["backfill", "v/"], given.open) == 3
    told = capsys.readouterr()
    assert "to go on: csvlake backfill 'v/' --after 'csv-files/v/09.csv'" in told.out
    assert told.err == "csvlake: SQS is away\n"


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "much"])
def test_a_rate_is_a_positive_number(given: StackInMemory, rate: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["backfill", "t/", "--rate", rate], given.open)
    assert ended.value.code == 1
