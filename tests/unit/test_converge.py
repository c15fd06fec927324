"""One key is made what its CSV implies, whatever happened before and happens meanwhile."""

from typing import Any

import pytest

from csvlake.engine.model import Converted, ConvertOptions, Source
from csvlake.errors import TerminalError, TransientError
from csvlake.lake.stamp import Stamp
from tests.fakes import Intercepted, convert_simply
from tests.lakes import LakeInMemory

KEY = "csv-files/t/x.csv"


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def test_a_new_file_becomes_rows(lake: LakeInMemory) -> None:
    outcome = lake.converge(lake.upload("t/x.csv", "id,name", "1,a", "2,b"))
    assert lake.rows("t/x.csv") == [(1, "a"), (2, "b")]
    assert (outcome.outcome, outcome.records_read, outcome.rows_written, outcome.records_rejected) == (
        "converted",
        2,
        2,
        0,
    )
    assert outcome.source_etag == lake.store.objects[KEY][0].etag
    assert (outcome.table_name, outcome.schema_version, outcome.converter_version) == ("t", "0", "1")
    assert {column.name: column.type for column in lake.catalog.tables["t"].columns} == {
        "id": "bigint",
        "name": "string",
    }


def test_a_small_file_costs_three_requests(lake: LakeInMemory) -> None:
    process = lake.process()
    process.converge(lake.upload("t/first.csv", "id", "1"))
    lake.store.calls.clear()
    lake.catalog.calls.clear()
    process.converge(lake.upload("t/x.csv", "id", "1"))
    assert lake.store.calls == {"open_source": 1, "read_range": 1, "put": 1, "head": 1}
    assert not lake.catalog.calls


@pytest.mark.parametrize("lines", [["id", "1"], []])
def test_a_source_is_closed_whatever_becomes_of_it(lake: LakeInMemory, lines: list[str]) -> None:
    outcome = lake.converge(lake.upload("t/x.csv", *lines))
    assert outcome.outcome == ("converted" if lines else "refused")
    assert lake.store.closed == 1


def test_a_second_delivery_changes_nothing(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id,name", "1,a"))
    before = lake.store.objects[lake.target("t/x.csv")]
    outcome = lake.converge(KEY)
    assert lake.store.objects[lake.target("t/x.csv")] == before
    assert (outcome.outcome, outcome.records_read, outcome.rows_written, outcome.schema_version) == (
        "unchanged",
        1,
        1,
        "0",
    )


def test_uploading_again_replaces_that_files_rows(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1", "2"))
    lake.converge(lake.upload("t/y.csv", "id", "3"))
    outcome = lake.converge(lake.upload("t/x.csv", "id", "9"))
    assert outcome.outcome == "converted"
    assert (lake.rows("t/x.csv"), lake.rows("t/y.csv")) == ([(9,)], [(3,)])


def test_another_version_of_the_converter_converts_again(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.version = "2"
    assert lake.converge(KEY).outcome == "converted"
    stamp = Stamp.read(lake.store.objects[lake.target("t/x.csv")][0].metadata)
    assert stamp is not None
    assert stamp.converter_version == "2"


def test_deleting_removes_the_rows(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.store.remove(KEY)
    outcome = lake.converge(KEY)
    assert (outcome.outcome, outcome.found_nothing) == ("deleted", False)
    assert lake.rows("t/x.csv") == []
    assert "t" in lake.catalog.tables


def test_a_late_deletion_event_does_not_remove_what_is_there(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert lake.converge(KEY).outcome == "unchanged"
    assert lake.rows("t/x.csv") == [(1,)]


def test_an_event_for_what_never_was(lake: LakeInMemory) -> None:
    outcome = lake.converge(KEY)
    assert (outcome.outcome, outcome.found_nothing) == ("deleted", True)
    assert not lake.store.keys("parquet-files/")


def test_a_refused_file_leaves_no_old_rows(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    outcome = lake.converge(lake.upload("t/x.csv"))
    assert (outcome.outcome, outcome.reason) == ("refused", "empty_file: the file has no bytes")
    assert lake.rows("t/x.csv") == []


def test_a_key_that_cannot_be_mapped_is_refused(lake: LakeInMemory) -> None:
    outcome = lake.converge(lake.upload("t/a=1/A=2/x.csv", "id", "1"))
    assert outcome.outcome == "refused"
    assert outcome.reason is not None
    assert outcome.reason.startswith("partition_layout: ")


def test_counts_that_do_not_add_up_publish_nothing(lake: LakeInMemory) -> None:
    def lossy(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        converted = convert_simply(source, options, *rest)
        converted.report.rows_written -= 1
        return converted

    lake.convert = lossy
    with pytest.raises(TransientError, match="do not add up"):
        lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert not lake.store.keys("parquet-files/")
    assert not lake.catalog.tables


def test_rejected_records_are_told(lake: LakeInMemory) -> None:
    outcome = lake.converge(lake.upload("t/x.csv", "id", "1", "2,3"))
    assert (outcome.records_read, outcome.rows_written, outcome.records_rejected) == (2, 1, 1)
    (reject,) = outcome.rejects
    assert (outcome.source_key, reject.raw) == (KEY, b"2,3")


def test_rejected_records_are_told_again_on_a_second_delivery(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1", "2,3"))
    outcome = lake.converge(KEY)
    assert (outcome.outcome, len(outcome.rejects)) == ("unchanged", 1)


# What other processes do meanwhile -----------------------------------------------------------------------------------


def test_a_stale_conversion_loses(lake: LakeInMemory) -> None:
    """The source is replaced, and converted by another process, between our read and our put."""
    lake.upload("t/x.csv", "id", "1")

    def other() -> None:
        lake.upload("t/x.csv", "id", "2")
        lake.converge(KEY)

    lake.store.before("put", 1, other)
    outcome = lake.converge(KEY)
    assert lake.rows("t/x.csv") == [(2,)]
    assert outcome.outcome == "unchanged"
    assert lake.store.calls["put"] == 3  # the other's, ours that failed, and ours for the new bytes, which failed, too


def test_a_stale_conversion_never_replaces_a_newer_one(lake: LakeInMemory) -> None:
    """Even for a moment: what we look at after a failed put decides, and the put is conditional on it."""
    lake.upload("t/x.csv", "id", "1")
    lake.converge(KEY)
    lake.upload("t/x.csv", "id", "2")
    seen: list[Any] = []

    def other() -> None:
        lake.upload("t/x.csv", "id", "3")
        lake.converge(KEY)
        seen.append(lake.rows("t/x.csv"))

    lake.store.before("put", 2, other)  # the one on the condition of the old target's ETag
    lake.converge(KEY)
    assert seen == [[(3,)]]
    assert lake.rows("t/x.csv") == [(3,)]


def test_a_source_replaced_while_it_is_read(lake: LakeInMemory) -> None:
    lake.upload("t/x.csv", "id", "1")
    lake.store.before("read_range", 1, lambda: lake.upload("t/x.csv", "id", "2"))
    assert lake.converge(KEY).outcome == "converted"
    assert lake.rows("t/x.csv") == [(2,)]


def test_a_source_replaced_after_the_put(lake: LakeInMemory) -> None:
    lake.upload("t/x.csv", "id", "1")
    lake.store.before("head", 1, lambda: lake.upload("t/x.csv", "id", "2"))
    lake.converge(KEY)
    assert lake.rows("t/x.csv") == [(2,)]


def test_a_source_deleted_before_the_put(lake: LakeInMemory) -> None:
    lake.upload("t/x.csv", "id", "1")

    def other() -> None:
        lake.store.remove(KEY)
        lake.converge(KEY)

    lake.store.before("put", 1, other)
    assert lake.converge(KEY).outcome == "deleted"
    assert lake.rows("t/x.csv") == []


def test_a_source_created_again_while_its_rows_are_deleted(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.store.remove(KEY)
    lake.store.before("delete", 1, lambda: lake.upload("t/x.csv", "id", "2"))
    assert lake.converge(KEY).outcome == "converted"
    assert lake.rows("t/x.csv") == [(2,)]


def test_a_target_replaced_while_it_is_deleted_stays(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.store.remove(KEY)

    def other() -> None:
        lake.upload("t/x.csv", "id", "2")
        lake.converge(KEY)

    lake.store.before("delete", 1, other)
    assert lake.converge(KEY).outcome == "unchanged"
    assert lake.rows("t/x.csv") == [(2,)]


def test_a_source_that_never_rests_comes_again_later(lake: LakeInMemory) -> None:
    number = 0

    def restless() -> None:
        nonlocal number
        number += 1
        lake.upload("t/x.csv", "id", str(number))
        lake.store.before("read_range", 1, restless)

    restless()
    with pytest.raises(TransientError, match="did not come to rest"):
        lake.converge(KEY)


def test_a_refusal_is_for_the_bytes_that_were_read(lake: LakeInMemory) -> None:
    lake.upload("t/x.csv")
    lake.store.before("head", 1, lambda: lake.upload("t/x.csv", "id", "1"))
    assert lake.converge(KEY).outcome == "converted"
    assert lake.rows("t/x.csv") == [(1,)]


def test_a_large_file_that_is_converted_is_not_read_again(lake: LakeInMemory) -> None:
    lake.store.upload(KEY, "id\n" + f"{'x' * 100_000}\n" * 90)
    lake.converge(KEY)
    lake.store.calls.clear()
    outcome = lake.converge(KEY)
    assert (outcome.outcome, outcome.rows_written) == ("unchanged", 90)
    assert lake.store.calls == {"open_source": 1, "head": 1}


def test_what_is_not_data_is_not_converged(lake: LakeInMemory) -> None:
    process = lake.process()
    assert not process.is_data("csv-files/t/_other.yaml")
    assert process.is_data("csv-files/t/_contract.yaml")
    assert process.is_data("csv-files/t/a=1/a=2/x.csv")
    with pytest.raises(ValueError, match="not data"):
        process.converge("csv-files/")


def test_trouble_of_the_engine_is_passed_on(lake: LakeInMemory) -> None:
    def broken(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        raise RuntimeError("a bug")

    lake.convert = broken
    with pytest.raises(RuntimeError, match="a bug"):
        lake.converge(lake.upload("t/x.csv", "id", "1"))


def test_a_refusal_by_the_table_is_a_refusal(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    outcome = lake.converge(lake.upload("t/y.csv", "id", "1"))
    assert outcome.reason is not None
    assert outcome.reason.startswith("partition_layout: the path has the partition keys (none), and the table t has dt")


def test_a_source_that_cannot_be_opened_is_refused(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.upload("t/x.csv", "id", "2")

    def refuse(when: str, call: str) -> None:
        if (when, call) == ("before", "open_source"):
            raise TerminalError("archived_object", "restore it, then copy it in place")

    outcome = lake.process(lambda port: Intercepted(port, refuse)).converge(KEY)
    assert (outcome.outcome, outcome.reason) == ("refused", "archived_object: restore it, then copy it in place")
    assert outcome.source_etag == lake.store.objects[KEY][0].etag
    assert lake.rows("t/x.csv") == []


def test_a_table_that_was_dropped_is_made_anew_with_the_types_of_its_files(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/a.csv", "x", "1"))
    text = lake.upload("t/b.csv", "x", "word")
    lake.converge(text)  # stored as bigint, its cell rescued
    lake.catalog.tables.clear()
    assert lake.converge(text).outcome == "converted"
    assert lake.catalog.tables["t"].type_of("x") == "string"
    assert str(lake.table("t/b.csv").schema.field("x").type) == "string"
