"""A table's types change, its older files follow, and no query is silently wrong meanwhile."""

from typing import Any

import pytest

from csvlake.events import parse_messages
from csvlake.lake.ports import Table
from tests.lakes import LakeInMemory, run


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def shown(lake: LakeInMemory) -> str:
    return lake.types("t")["id"]


def test_the_common_case_is_dull(lake: LakeInMemory) -> None:
    """Integers, then halves, then eighths, then a text."""
    lake.converge(lake.upload("t/1.csv", "id", "1", "2", "3"))
    lake.converge(lake.upload("t/2.csv", "id", "1.5"))
    lake.deliver()
    assert shown(lake) == "decimal(18,1)"
    lake.converge(lake.upload("t/3.csv", "id", "1.125"))
    lake.deliver()
    assert shown(lake) == "decimal(18,3)"
    lake.converge(lake.upload("t/4.csv", "id", "n/a"))
    lake.deliver()
    assert shown(lake) == "decimal(18,3)"
    stored = {name: str(lake.table(f"t/{name}.csv").schema.field("id").type) for name in "1234"}
    assert set(stored.values()) == {"decimal128(18, 3)"}
    assert [float(row[0]) for row in lake.rows("t/1.csv")] == [1, 2, 3]
    assert lake.rows("t/4.csv") == [(None, "{'id': 'n/a'}")]
    assert lake.catalog.tables["t"].change is None


def test_more_scale_goes_by_way_of_string(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/1.csv", "id", "1.5"))
    lake.converge(lake.upload("t/2.csv", "id", "1.125"))
    assert shown(lake) == "string"
    assert lake.catalog.tables["t"].type_of("id") == "decimal(18,3)"
    # A file that comes meanwhile is written in the type to come.
    lake.converge(lake.upload("t/3.csv", "id", "7"))
    assert str(lake.table("t/3.csv").schema.field("id").type) == "decimal128(18, 3)"
    lake.deliver()
    assert shown(lake) == "decimal(18,3)"
    assert str(lake.table("t/1.csv").schema.field("id").type) == "decimal128(18, 3)"


def test_a_change_is_not_over_before_every_older_conversion_must_be(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/1.csv", "id", "1.5"))
    lake.converge(lake.upload("t/2.csv", "id", "1.125"))
    for _ in range(3):
        lake.clock.advance(20)
        for number, body in enumerate(lake.queue.receive()):
            lake.batch().run(parse_messages({"Records": [sqs(body)]}), f"q{number}")
        assert shown(lake) == "string"
    lake.deliver()
    assert shown(lake) == "decimal(18,3)"


def test_a_slow_conversion_notices_the_change_before_it_publishes(lake: LakeInMemory) -> None:
    slow = lake.process()
    lake.converge(lake.upload("t/1.csv", "id", "1"))
    lake.upload("t/slow.csv", "id", "2")

    def meanwhile() -> None:
        lake.converge(lake.upload("t/2.csv", "id", "1.5"))
        lake.clock.advance(60)

    convert, calls = lake.convert, iter([meanwhile])

    def convert_slowly(*arguments: Any) -> Any:
        next(calls, lambda: None)()
        return convert(*arguments)

    object.__setattr__(slow._lake, "convert", convert_slowly)
    assert slow.converge("csv-files/t/slow.csv").outcome == "converted"
    assert str(lake.table("t/slow.csv").schema.field("id").type) == "decimal128(18, 1)"


def test_a_crash_before_the_change_leaves_a_message_that_ends_by_itself(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/1.csv", "id", "1"))

    def crash() -> None:
        raise KeyboardInterrupt

    lake.catalog.before("update_table", crash)
    with pytest.raises(KeyboardInterrupt):
        lake.converge(lake.upload("t/2.csv", "id", "1.5"))
    assert shown(lake) == "bigint"
    lake.deliver()
    lake.converge("csv-files/t/2.csv")
    lake.deliver()
    assert shown(lake) == "decimal(18,1)"
    assert str(lake.table("t/1.csv").schema.field("id").type) == "decimal128(18, 1)"


def test_a_crash_after_the_change_delays_it_only(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/1.csv", "id", "1"))

    def crash() -> None:
        raise KeyboardInterrupt

    lake.store.before("put", 1, crash)
    with pytest.raises(KeyboardInterrupt):
        lake.converge(lake.upload("t/2.csv", "id", "1.5"))
    lake.deliver()
    assert str(lake.table("t/1.csv").schema.field("id").type) == "decimal128(18, 1)"
    assert lake.catalog.tables["t"].change is None


def test_a_change_whose_message_was_lost_is_taken_up_by_a_later_event(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/1.csv", "id", "1"))
    lake.converge(lake.upload("t/2.csv", "id", "1.5"))
    lake.queue.sent.clear()
    lake.clock.advance(3601)
    lake.converge(lake.upload("t/3.csv", "id", "2"))
    lake.deliver()
    assert lake.catalog.tables["t"].change is None
    assert str(lake.table("t/1.csv").schema.field("id").type) == "decimal128(18, 1)"


def test_partitions_follow_their_table(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1.5"))
    lake.converge(lake.upload("t/dt=2/x.csv", "id,more", "1.125,x"))
    lake.deliver()
    table = lake.catalog.tables["t"]
    assert {column.name: column.type for column in table.columns} == {"id": "decimal(18,3)", "more": "string"}
    assert {columns[:1] for columns in lake.catalog.partition_columns.values()} == {table.columns[:1]}
    assert table.change is None


def test_a_partitioned_table_shows_meanwhile_what_fits_no_file(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    lake.converge(lake.upload("t/dt=1/y.csv", "id", "1.5"))
    assert shown(lake) == "boolean"
    lake.deliver()
    assert shown(lake) == "decimal(18,1)"
    assert {columns[0].type for columns in lake.catalog.partition_columns.values()} == {"decimal(18,1)"}


def test_above_the_limit_cells_are_rescued_and_the_owner_is_told(lake: LakeInMemory) -> None:
    lake.auto_migrate_bytes = 4
    lake.converge(lake.upload("t/1.csv", "id", "1", "2"))
    outcome = lake.converge(lake.upload("t/2.csv", "id", "1.5"))
    assert shown(lake) == "bigint"
    assert lake.rows("t/2.csv") == [(None, "{'id': '1.5'}")]
    assert outcome.reason is not None
    assert "csvlake migrate t id 'decimal(18,1)'" in outcome.reason
    assert [subject for subject, _ in lake.owner.told] == ["csvlake: column id of t needs your decision"]
    assert not lake.queue.sent


def test_a_file_that_is_alone_in_its_table_changes_it_whatever_its_size(lake: LakeInMemory) -> None:
    lake.auto_migrate_bytes = 4
    lake.converge(lake.upload("t/1.csv", "id", "1", "2", "3", "4"))
    lake.converge(lake.upload("t/1.csv", "id", "1.5", "2", "3", "4"))
    assert lake.catalog.tables["t"].type_of("id") == "decimal(18,1)"


def test_other_events_of_the_batch_do_not_suffer(lake: LakeInMemory) -> None:
    lake.upload("t/1.csv", "id", "1")
    batch = lake.batch()
    assert run(batch, "csv-files/t/1.csv") == []
    request = '{"csvlake": "converge_table", "table": "gone", "change_id": "x", "tries": 99}'
    assert lake.batch().run(parse_messages({"Records": [sqs(request)]}), "r") == []
    assert not lake.queue.sent
    assert isinstance(lake.catalog.tables["t"], Table)


def sqs(body: str) -> dict[str, Any]:
    return {"messageId": "m", "eventSource": "aws:sqs", "body": body}


def test_a_large_table_follows_by_a_thousand_files_at_a_time(
    lake: LakeInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csvlake.lake.changes._MOST_LOOKS", 3)
    for number in range(8):
        lake.converge(lake.upload(f"t/{number}.csv", "id", str(number)))
    lake.converge(lake.upload("t/x.csv", "id", "1.5"))
    rounds = []
    while lake.queue.sent:
        lake.clock.advance(130)
        bodies = lake.queue.receive()
        rounds.append(sum("look_at_key" in body for body in bodies))
        lake.batch().run(parse_messages({"Records": [sqs(body) for body in bodies]}), f"r{len(rounds)}")
    assert [count for count in rounds if count] == [3, 3, 2]
    assert lake.catalog.tables["t"].change is None
    assert {str(lake.table(f"t/{n}.csv").schema.field("id").type) for n in range(8)} == {"decimal128(18, 1)"}
