"""``csvlake redrive``."""

import pytest

from csvlake import cli
from tests.operator_fakes import StackInMemory


def test_dead_letters_go_back_to_the_queue(capsys: pytest.CaptureFixture[str]) -> None:
    given = StackInMemory()
    given.failed.bodies = list("abcde")
    given.undelivered.bodies = ["f"]
    assert cli.main(["redrive"], given.open) == 0
    assert capsys.readouterr().out == "failed conversions: 5 moved\nundelivered events: 1 moved\n"
    assert given.lake.queue.receive() == list("abcdef")
    assert cli.main(["redrive"], given.open) == 0
    assert capsys.readouterr().out == "failed conversions: 0 moved\nundelivered events: 0 moved\n"
