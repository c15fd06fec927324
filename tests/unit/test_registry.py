"""A partition is registered with its first file and goes with its last, whoever else is at work."""

import pytest

from csvlake.engine.model import Column
from csvlake.lake.ports import Partition, Table
from tests.lakes import LakeInMemory

X = "csv-files/t/dt=1/x.csv"


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def partitions(lake: LakeInMemory) -> list[tuple[str, ...]]:
    return list(lake.catalog.partitions.get("t", {}))


def deliver_what_arrived(lake: LakeInMemory) -> None:
    for body in lake.queue.receive():
        event = {"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]}
        assert not lake.run_event(event)


def test_the_first_file_registers_its_partition(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/city=New York/d=2026%2F01/x.csv", "id", "1"))
    location = "s3://lake/parquet-files/t/city=New York/d=2026%2F01/"
    assert list(lake.catalog.partitions["t"].values()) == [Partition(("New York", "2026/01"), location)]


def test_a_process_registers_a_partition_once_in_a_while(lake: LakeInMemory) -> None:
    process = lake.process()
    for name in ("x", "y"):
        process.converge(lake.upload(f"t/dt=1/{name}.csv", "id", "1"))
    assert lake.catalog.calls["create_partition"] == 1
    lake.clock.advance(6)
    process.converge(lake.upload("t/dt=1/z.csv", "id", "1"))
    assert lake.catalog.calls["create_partition"] == 2


def test_a_crash_before_the_partition_was_registered_is_made_good(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    lake.catalog.partitions.clear()
    assert lake.converge(X).outcome == "unchanged"
    assert partitions(lake) == [("1",)]


def test_a_partition_goes_with_its_last_file(lake: LakeInMemory) -> None:
    for name in ("x", "y"):
        lake.converge(lake.upload(f"t/dt=1/{name}.csv", "id", "1"))
    lake.store.remove(X)
    lake.converge(X)
    assert partitions(lake) == [("1",)]
    lake.store.remove("csv-files/t/dt=1/y.csv")
    lake.converge("csv-files/t/dt=1/y.csv")
    assert partitions(lake) == []


def test_a_partition_filled_again_while_it_is_removed_stays(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    lake.store.remove(X)
    lake.upload("t/dt=1/y.csv", "id", "2")
    lake.catalog.before("delete_partition", lambda: lake.converge("csv-files/t/dt=1/y.csv"))
    lake.converge(X)
    assert partitions(lake) == [("1",)]


def test_a_partition_filled_by_one_who_remembers_it_comes_back(lake: LakeInMemory) -> None:
    """The other process registered the partition seconds ago, and publishes after our last look."""
    other = lake.process()
    other.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    lake.store.remove(X)
    lake.upload("t/dt=1/y.csv", "id", "2")
    lake.store.before("put", 1, lambda: lake.converge(X))
    other.converge("csv-files/t/dt=1/y.csv")
    assert lake.rows("t/dt=1/y.csv") == [(2,)]
    assert partitions(lake) == []  # for a few seconds
    lake.clock.advance(15)
    deliver_what_arrived(lake)
    assert partitions(lake) == [("1",)]
    assert not lake.queue.sent


def test_looking_again_ends(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    lake.store.remove(X)
    lake.converge(X)
    for _ in range(3):
        lake.clock.advance(15)
        deliver_what_arrived(lake)
    assert not lake.queue.sent
    assert partitions(lake) == []


def test_without_partitions_the_catalog_is_not_asked(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.store.remove("csv-files/t/x.csv")
    lake.converge("csv-files/t/x.csv")
    assert lake.catalog.calls == {"get_table": 1, "create_table": 1}
    assert lake.store.calls["has_any"] == 0


def test_a_refused_file_leaves_a_partition_of_the_same_values_alone(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    wrong = lake.upload("t/region=1/y.csv", "id", "2")
    assert lake.converge(wrong).outcome == "refused"
    lake.store.remove(wrong)
    assert lake.converge(wrong).outcome == "deleted"
    assert partitions(lake) == [("1",)]


@pytest.mark.parametrize("location", ["s3://other/t/", "s3://lake/", "s3://lake/parquet-files/"])
def test_a_table_that_is_not_ours_keeps_its_partitions(lake: LakeInMemory, location: str) -> None:
    keys = (Column("dt", "string"),)
    table = lake.catalog.create_table(Table("t", (Column("id", "bigint"),), keys, location))
    lake.catalog.create_partition(table, Partition(("1",), f"{location}dt=1/"))
    assert lake.converge(lake.upload("t/dt=1/x.csv", "id", "1")).outcome == "refused"
    assert partitions(lake) == [("1",)]
