"""What a backfill finds, and at what rate it feeds the converter."""

import json
from dataclasses import replace

import pytest

from csvlake.events import parse_messages
from csvlake.lake.backfill import Fed, Finding, Look, feed, find_work
from csvlake.lake.operator import QueueDepth
from tests.lakes import LakeInMemory, run
from tests.operator_fakes import StackInMemory


@pytest.fixture
def given() -> StackInMemory:
    return StackInMemory()


def converge(lake: LakeInMemory, *keys: str) -> None:
    lake.clock.advance(1)
    assert not run(lake.batch(), *keys, request_id=f"r{lake.clock.seconds}")


def findings(given: StackInMemory, version: str = "1", prefix: str = "", after: str = "") -> dict[str, Finding]:
    looks = find_work(given.open(), version, prefix, after)
    return {look.key.removeprefix("csv-files/"): look.finding for look in looks}


def fill(given: StackInMemory) -> None:
    """Make a key of every finding."""
    lake = given.lake
    names = ["again.csv", "foreign.csv", "gone.csv", "gone_too.csv", "removed.csv", "settled.csv"]
    converge(lake, *(lake.upload(f"t/{name}", "id", "1") for name in names))
    converge(lake, lake.upload("t/empty.csv"), lake.upload("t/a=1/a=2/x.csv", "id", "1"))
    lake.upload("t/again.csv", "id", "2")
    lake.upload("t/new.csv", "id", "1")
    lake.store.upload(lake.target("t/foreign.csv"), b"PAR1")
    for name in ("gone", "gone_too", "removed"):
        lake.store.remove(f"csv-files/t/{name}.csv")
    converge(lake, "csv-files/t/removed.csv")


def test_every_finding(given: StackInMemory) -> None:
    fill(given)
    assert list(findings(given).items()) == [
        ("t/a=1/a=2/x.csv", Finding.REFUSED),
        ("t/again.csv", Finding.CHANGED),
        ("t/empty.csv", Finding.REFUSED),
        ("t/foreign.csv", Finding.FOREIGN),
        ("t/gone.csv", Finding.GONE),
        ("t/gone_too.csv", Finding.GONE),
        ("t/new.csv", Finding.NEW),
        ("t/settled.csv", Finding.SETTLED),
    ]
    newer = findings(given, version="2")
    assert (newer["t/settled.csv"], newer["t/empty.csv"]) == (Finding.OLDER, Finding.NEW)


def test_a_prefix_and_a_place_to_begin(given: StackInMemory) -> None:
    fill(given)
    given.lake.upload("u/x.csv", "id", "1")
    assert set(findings(given, prefix="u/")) == {"u/x.csv"}
    assert list(findings(given, prefix="t/", after="csv-files/t/gone.csv")) == [
        "t/gone_too.csv",
        "t/new.csv",
        "t/settled.csv",
    ]


def test_after_a_backfill_nothing_is_left_to_do(given: StackInMemory) -> None:
    fill(given)
    given.lake.version = "2"
    *_, fed = feed(given.open(), find_work(given.open(), "2"), rate=100)
    assert (fed.looked, fed.sent) == (8, 8)
    for number, body in enumerate(given.lake.queue.receive()):
        event = {"Records": [{"messageId": f"m{number}", "eventSource": "aws:sqs", "body": body}]}
        given.lake.clock.advance(1)
        assert not given.lake.batch().run(parse_messages(event), f"b{number}")
    assert {one for one in findings(given, version="2").values() if one.is_work} == set()
    assert not given.lake.rows("t/gone.csv")
    assert given.lake.rows("t/again.csv") == [(2,)]


LOOKS = [Look(f"k{number:03}", Finding.NEW) for number in range(100)]


def test_messages_go_by_tens_at_the_rate(given: StackInMemory) -> None:
    began = given.lake.clock.seconds
    *_, fed = feed(given.open(), LOOKS, rate=20)
    assert (fed.looked, fed.sent, fed.after) == (100, 100, "k099")
    assert given.queue.batches == [10] * 10
    assert given.lake.clock.seconds - began == pytest.approx(4.5)  # the first ten need not wait
    assert [json.loads(body)["key"] for body in given.lake.queue.receive()] == [look.key for look in LOOKS]


def test_a_full_queue_holds_it(given: StackInMemory) -> None:
    full, free = QueueDepth(1001, 0, 0), QueueDepth(1000, 0, 0)
    given.queue.depths = [full, full, free]
    began = given.lake.clock.seconds
    held = [(fed.is_held, fed.sent) for fed in feed(given.open(), LOOKS[:10], rate=100)]
    assert held.count((True, 0)) >= 2
    assert held[-1] == (False, 10)
    assert given.lake.clock.seconds - began == 10


def test_only_what_needs_it_is_sent(given: StackInMemory) -> None:
    looks = [Look("a", Finding.SETTLED), Look("b", Finding.NEW), Look("c", Finding.REFUSED)]
    *_, fed = feed(given.open(), looks, rate=1)
    assert (fed.looked, fed.sent) == (3, 1)
    *_, fed = feed(given.open(), looks, rate=1, everything=True)
    assert (fed.looked, fed.sent) == (3, 3)


def test_where_to_go_on_is_behind_what_was_sent(given: StackInMemory) -> None:
    looks = [Look("a", Finding.SETTLED), *LOOKS[:15], Look("z", Finding.SETTLED)]
    told = [replace(fed) for fed in feed(given.open(), looks, rate=100)]
    assert [fed.after for fed in told if fed.looked == 5] == ["a"]
    assert [fed.after for fed in told if fed.looked == 15] == ["k009"]  # five more wait to be sent
    assert told[-1] == Fed(looked=17, sent=15, after="k014")
