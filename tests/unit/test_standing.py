"""How tables stand: the bucket beside the ledger."""

import pytest

from csvlake.lake.naming import Layout
from csvlake.lake.operator import LatestOutcome
from csvlake.lake.ports import ObjectInfo
from csvlake.lake.standing import NO_TABLE, TableStanding, join_ledger, stand
from tests.lakes import LakeInMemory, run
from tests.operator_fakes import StackInMemory


@pytest.fixture
def given() -> StackInMemory:
    return StackInMemory()


def converge(lake: LakeInMemory, *keys: str) -> None:
    lake.clock.advance(1)
    assert not run(lake.batch(), *keys, request_id=f"r{lake.clock.seconds}")


def test_the_join_is_by_key_in_the_order_of_bytes() -> None:
    keys = [f"csv-files/{name}" for name in ("a", "b", "z", "é", "\uff5e", "\U0001f600")]
    unlisted, untold = keys[1:3]
    sources = [ObjectInfo(key, "e", 1) for key in keys if key != unlisted]
    outcomes = [LatestOutcome(key, "e", "t", "converted", None, 0, 0, 0, "1") for key in keys if key != untold]
    joined = list(join_ledger(sources, outcomes, Layout()))
    assert [(source.key if source else None, told.source_key if told else None) for source, told in joined] == [
        (key if key != unlisted else None, key if key != untold else None) for key in keys
    ]


def test_what_the_ledger_knows_is_counted_without_a_look(given: StackInMemory) -> None:
    lake = given.lake
    converge(lake, lake.upload("t/a.csv", "id", "1", "2"), lake.upload("t/b.csv", "id", "3", "4,5"))
    converge(lake, lake.upload("t/empty.csv"), lake.upload("u/x.csv", "id", "1"))
    heads = lake.store.calls["head"]
    assert stand(given.open(), "1") == {
        "t": TableStanding(files=3, settled=2, refused=1, rows=3, records_rejected=1),
        "u": TableStanding(files=1, settled=1, rows=1),
    }
    assert lake.store.calls["head"] == heads
    assert stand(given.open(), "2")["t"].older == 2


def test_rescued_rows_are_counted(given: StackInMemory) -> None:
    lake = given.lake
    converge(lake, lake.upload("t/a.csv", "id", "1"))
    converge(lake, lake.upload("t/b.csv", "id", "x", "2"))
    assert stand(given.open(), "1")["t"].rows_rescued == 1


def test_what_was_not_converged_waits(given: StackInMemory) -> None:
    lake = given.lake
    keys = [lake.upload(f"t/{name}.csv", "id", "1") for name in ("again", "gone", "removed")]
    converge(lake, *keys)
    lake.upload("t/new.csv", "id", "1")
    lake.upload("t/again.csv", "id", "2")
    for key in keys[1:]:
        lake.store.remove(key)
    converge(lake, keys[2])
    assert stand(given.open(), "1") == {"t": TableStanding(files=2, waiting=3)}


def test_where_the_ledgers_rows_are_gone_the_targets_tell(given: StackInMemory) -> None:
    lake = given.lake
    converge(lake, lake.upload("t/a.csv", "id", "1", "2,3"), lake.upload("t/empty.csv"))
    for key in lake.store.keys("meta/"):
        lake.store.remove(key)
    # That the empty file was refused is told by the ledger alone.
    settled = TableStanding(files=2, settled=1, waiting=1, rows=1, records_rejected=1)
    assert stand(given.open(), "1") == {"t": settled}
    assert stand(given.open(), "2")["t"].older == 1


def test_one_table(given: StackInMemory) -> None:
    lake = given.lake
    converge(lake, *(lake.upload(name, "id", "1") for name in ("My T/a.csv", "my_t.csv", "other/x.csv")))
    lake.upload("my_t/b.csv", "id", "1")
    assert stand(given.open(), "1", "my_t") == {"my_t": TableStanding(files=3, settled=2, waiting=1, rows=2)}
    assert stand(given.open(), "1", "none") == {}


def test_keys_that_are_refused_are_of_no_table(given: StackInMemory) -> None:
    key = given.lake.upload("t/a=1/a=2/x.csv", "id", "1")
    assert stand(given.open(), "1") == {NO_TABLE: TableStanding(files=1, waiting=1)}
    converge(given.lake, key)
    assert stand(given.open(), "1") == {NO_TABLE: TableStanding(files=1, refused=1)}
