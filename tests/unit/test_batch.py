"""A batch of messages: each on its own, each key once, nothing acknowledged before the ledger has it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from csvlake.engine.model import Converted, ConvertOptions, Source
from csvlake.errors import TransientError
from csvlake.events import LOOK_AT_CRAWLER, parse_messages
from csvlake.lake.ledger import LEDGER_COLUMNS, REJECT_COLUMNS
from tests.fakes import MemoryStore, convert_simply
from tests.lakes import LakeInMemory, run, sqs_event


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def test_nine_convert_and_the_poison_fails_alone(lake: LakeInMemory) -> None:
    keys = [lake.upload(f"t/{number}.csv", "id", str(number)) for number in range(9)]
    failures = run(lake.batch(), *keys[:4], "!poison", *keys[4:])
    assert [failure.message_id for failure in failures] == ["m4"]
    assert [lake.rows(f"t/{number}.csv") for number in range(9)] == [[(number,)] for number in range(9)]
    assert [row["source_key"] for row in lake.ledger()] == keys
    assert lake.store.calls["put"] == 10  # one a file, one for the ledger: none is converted twice


def test_ten_small_files_cost_what_they_must(lake: LakeInMemory) -> None:
    """One GET, one PUT and one HEAD a file; for all of them one look at the table and one object of the ledger."""
    lake.converge(lake.upload("t/first.csv", "id", "1"))
    before = lake.calls()
    run(lake.batch(), *(lake.upload(f"t/{number}.csv", "id", str(number)) for number in range(10)))
    calls = lake.calls() - before
    assert (calls["open_source"], calls["put"], calls["head"]) == (10, 10 + 1, 10)
    assert calls["get_table"] == 1
    assert calls.total() - calls["read_range"] == 32  # a small file comes with the GET that opens it


def test_the_first_file_of_a_table_looks_for_a_contract_before_and_after(lake: LakeInMemory) -> None:
    run(lake.batch(), lake.upload("t/x.csv", "id", "1"))
    calls = lake.calls()
    assert (calls["open_source"], calls["put"], calls["head"]) == (3, 2, 1)
    assert (calls["get_table"], calls["create_table"], calls["update_table"]) == (1, 1, 0)
    assert calls["delete"] + calls["has_any"] == 0


def test_threads_share_a_batch(lake: LakeInMemory) -> None:
    keys = [lake.upload(f"{table}/{number}.csv", "id", str(number)) for number in range(20) for table in "ab"]
    assert not run(lake.batch(threads=8), *keys)
    assert [lake.rows(key.removeprefix("csv-files/")) for key in keys] == [[(n,)] for n in range(20) for _ in "ab"]
    assert [row["source_key"] for row in lake.ledger()] == keys
    assert (lake.catalog.calls["create_table"], lake.catalog.calls["get_table"]) == (2, 2)


def test_one_key_in_several_messages_is_converged_once(lake: LakeInMemory) -> None:
    key = lake.upload("t/x.csv", "id", "1")
    assert not run(lake.batch(), key, key, key)
    assert lake.store.calls["put"] == 2
    assert len(lake.ledger()) == 1


def test_trouble_with_one_key_fails_every_message_that_names_it(lake: LakeInMemory) -> None:
    told: list[str] = []

    def picky(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        if source.name.endswith("bad.csv"):
            raise RuntimeError("a bug")
        return convert_simply(source, options, *rest)

    lake.convert = picky
    good, bad = lake.upload("t/good.csv", "id", "1"), lake.upload("t/bad.csv", "id", "1")
    failures = run(lake.batch(on_trouble=lambda key, _: told.append(key)), good, bad, good, bad)
    assert [failure.message_id for failure in failures] == ["m1", "m3"]
    assert told == [bad]
    assert [row["source_key"] for row in lake.ledger()] == [good]


def test_what_there_is_no_time_for_goes_back_to_the_queue_and_fails_nothing(lake: LakeInMemory) -> None:
    keys = [lake.upload(f"t/{number}.csv", "id", "1") for number in range(3)]
    assert not run(lake.batch(time_left_s=lambda: 0.0), *keys)
    assert [row["source_key"] for row in lake.ledger()] == keys[:1]  # the first is always tried
    assert [json.loads(body)["key"] for body in lake.queue.receive()] == keys[1:]


def test_no_file_is_begun_that_may_take_longer_than_is_left(lake: LakeInMemory) -> None:
    def slow(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        lake.clock.seconds += 100
        return convert_simply(source, options, *rest)

    lake.convert = slow
    began = lake.clock.seconds
    keys = [lake.upload(f"t/{number}.csv", "id", "1") for number in range(10)]
    batch = lake.batch(threads=4, time_left_s=lambda: 300 - (lake.clock.seconds - began))
    assert not run(batch, *keys)
    assert lake.clock.seconds - began <= 300
    assert len(lake.ledger()) == 2
    assert len(lake.queue.receive()) == 8


def test_a_key_that_cannot_go_back_fails_its_message(lake: LakeInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_body: str, _delay_s: int) -> None:
        raise TransientError("the queue said no")

    keys = [lake.upload(f"t/{number}.csv", "id", "1") for number in range(2)]
    monkeypatch.setattr(lake.queue, "send", refuse)
    failures = run(lake.batch(time_left_s=lambda: 0.0), *keys)
    assert [failure.message_id for failure in failures] == ["m1"]


def test_keys_that_are_not_data_are_acknowledged(lake: LakeInMemory) -> None:
    batch = lake.batch()
    assert not run(batch, "csv-files/t/_other.yaml", "csv-files/t/", "athena-queries/x.csv")
    assert len(batch.ignored) == 3
    assert not lake.store.objects


def test_another_bucket_is_not_looked_at(lake: LakeInMemory) -> None:
    lake.upload("t/x.csv", "id", "1")
    batch = lake.batch()
    assert not batch.run(parse_messages(sqs_event("csv-files/t/x.csv", bucket="theirs")), "r1")
    assert batch.ignored == ["theirs/csv-files/t/x.csv"]


@pytest.mark.parametrize("name", ["a b+0.csv", "a%20b%2B0.csv"])
def test_both_readings_of_a_key_are_looked_at(lake: LakeInMemory, name: str) -> None:
    lake.upload(f"t/{name}", "id", "1")
    assert not run(lake.batch(), "csv-files/t/a%20b%2B0.csv")
    assert lake.rows(f"t/{name}") == [(1,)]
    assert [(row["source_key"], row["outcome"]) for row in lake.ledger()] == [(f"csv-files/t/{name}", "converted")]


def test_a_deletion_that_crashed_before_the_ledger_is_told(lake: LakeInMemory) -> None:
    assert not run(lake.batch(), "csv-files/t/x.csv")
    assert [(row["source_key"], row["outcome"]) for row in lake.ledger()] == [("csv-files/t/x.csv", "deleted")]


# The ledger ----------------------------------------------------------------------------------------------------------


def test_the_ledger_has_designs_columns(lake: LakeInMemory) -> None:
    key = lake.upload("t/x.csv", "id", "1", "2,é")
    run(lake.batch(), key, request_id="request-7")
    (row,) = lake.ledger()
    assert list(row) == list(LEDGER_COLUMNS)
    assert row["source_key"] == key
    assert row["source_version"] == "v1"
    assert row["source_bytes"] == len("id\n1\n2,é\n".encode())
    assert (row["records_read"], row["rows_written"], row["records_rejected"], row["rows_rescued"]) == (2, 1, 1, 0)
    assert (row["outcome"], row["reason"], row["request_id"]) == ("converted", None, "request-7")
    assert row["converted_at"] == lake.clock.now().replace(tzinfo=None)
    (reject,) = lake.ledger("rejects")
    assert list(reject) == list(REJECT_COLUMNS)
    assert (reject["source_key"], reject["line"], reject["reason"], reject["raw"]) == (key, 1, "too many cells", "2,é")


def test_the_newest_row_is_a_keys_state_though_its_batch_went_on(lake: LakeInMemory) -> None:
    first, second = lake.upload("t/first.csv", "id", "1"), lake.upload("t/second.csv", "id", "2")
    slow = lake.batch()

    def delete_first_elsewhere() -> None:
        lake.clock.advance(30)
        lake.store.remove(first)
        assert not run(lake.batch(), first, request_id="r2")
        lake.clock.advance(30)

    lake.store.before("open_source", 4, delete_first_elsewhere)
    assert not run(slow, first, second)
    rows = [row for row in lake.ledger() if row["source_key"] == first]
    assert [row["outcome"] for row in sorted(rows, key=lambda row: row["converted_at"])] == ["converted", "deleted"]


def test_who_ends_last_need_not_know_best(lake: LakeInMemory) -> None:
    """A look that found the key at rest may end after another one that found it deleted."""
    key = lake.upload("t/dt=1/x.csv", "id", "1")
    assert not run(lake.batch(), key)

    def delete_elsewhere() -> None:
        lake.clock.advance(1)
        lake.store.remove(key)
        assert not run(lake.batch(), key, request_id="r3")
        lake.clock.advance(1)

    lake.clock.advance(1)
    lake.catalog.before("create_partition", delete_elsewhere)
    assert not run(lake.batch(), key, request_id="r2")
    rows = sorted(lake.ledger(), key=lambda row: row["converted_at"])
    assert [(row["request_id"], row["outcome"]) for row in rows] == [
        ("r1", "converted"),
        ("r2", "unchanged"),
        ("r3", "deleted"),
    ]


def test_the_ledger_is_partitioned_by_day(lake: LakeInMemory) -> None:
    lake.clock.seconds = datetime.fromisoformat("2026-02-03T23:59:59+00:00").timestamp()
    run(lake.batch(), lake.upload("t/x.csv", "id", "1"), request_id="r9")
    assert lake.store.keys("meta/") == ["meta/conversions/day=2026-02-03/r9-235959000000.parquet"]


def test_a_request_that_comes_again_replaces_nothing(lake: LakeInMemory) -> None:
    key = lake.upload("t/x.csv", "id", "1", "2,3")
    assert not run(lake.batch(), key)
    lake.clock.advance(1)
    assert not run(lake.batch(), key)
    assert [row["outcome"] for row in lake.ledger()] == ["converted", "unchanged"]
    told = {(row["source_key"], row["converted_at"]) for row in lake.ledger()}
    assert {(row["source_key"], row["rejected_at"]) for row in lake.ledger("rejects")} == told


def test_many_rejects_are_written_as_they_come(lake: LakeInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csvlake.lake.ledger._PART_BYTES", 4096)
    keys = [lake.upload(f"t/{name}.csv", "id", *(["1,2"] * 5)) for name in "abc"]
    batch = lake.batch()
    assert not run(batch, *keys)
    names = [key.rpartition("/")[2] for key in lake.store.keys("meta/rejects/")]
    assert names == [f"r1-080000000000-{part}.parquet" for part in range(4)]
    assert [row["source_key"] for row in lake.ledger("rejects")] == [key for key in keys for _ in range(5)]
    assert len(lake.store.keys("meta/conversions/")) == 1
    assert [outcome.rejects for outcome in batch.outcomes] == [(), (), ()]


def test_of_a_long_record_the_beginning_is_kept(lake: LakeInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csvlake.lake.ledger._RAW_BYTES", 4)
    run(lake.batch(), lake.upload("t/x.csv", "id", "1,2", "1,éé"))
    short, long = lake.ledger("rejects")
    assert (short["raw"], short["reason"]) == ("1,2", "too many cells")
    assert long["raw"] == "1,é"
    assert long["reason"] == "too many cells (of its 6 bytes the first 4 are kept here)"


def test_the_ledgers_stored_types_are_its_columns(lake: LakeInMemory) -> None:
    run(lake.batch(), lake.upload("t/x.csv", "id", "1", "2,3"))
    stored = {"string": pa.string(), "bigint": pa.int64(), "timestamp": pa.timestamp("ms")}
    for table, columns in (("conversions", LEDGER_COLUMNS), ("rejects", REJECT_COLUMNS)):
        schema = lake.store.table(lake.store.keys(f"meta/{table}/")[0]).schema
        assert {field.name: field.type for field in schema} == {n: stored[type_] for n, type_ in columns.items()}


def test_every_refusal_is_a_row_with_its_reason(lake: LakeInMemory) -> None:
    assert not run(lake.batch(), lake.upload("t/x.csv"))
    assert [(row["outcome"], row["reason"]) for row in lake.ledger()] == [
        ("refused", "empty_file: the file has no bytes")
    ]


class StoreWithoutLedger(MemoryStore):
    def put_table(
        self,
        key: str,
        table: pa.Table,
        writer_arguments: Mapping[str, Any],
        metadata: Mapping[str, str] | None = None,
        expected: str | None = None,
    ) -> None:
        if key.startswith("meta/"):
            raise TransientError("no ledger today")
        super().put_table(key, table, writer_arguments, metadata, expected)


def test_nothing_is_acknowledged_without_the_ledger() -> None:
    broken = LakeInMemory(StoreWithoutLedger())
    key = broken.upload("t/x.csv", "id", "1", "2,3")
    with pytest.raises(TransientError, match="no ledger today"):
        run(broken.batch(), key)
    assert broken.rows("t/x.csv") == [(1,)]
    mended = LakeInMemory(MemoryStore(objects=broken.store.objects), broken.catalog)
    assert not run(mended.batch(), key)
    (row,) = mended.ledger()
    assert (row["outcome"], row["records_read"], row["records_rejected"]) == ("unchanged", 2, 1)
    assert len(mended.ledger("rejects")) == 1


# The crawler ---------------------------------------------------------------------------------------------------------


def test_in_direct_mode_nothing_is_crawled(lake: LakeInMemory) -> None:
    batch = lake.batch()
    assert not batch.run(parse_messages(sqs_record(LOOK_AT_CRAWLER)), "r1")
    assert batch.crawls is None


def test_the_crawler_is_started_after_data_was_published(lake: LakeInMemory) -> None:
    lake = lake.with_crawler()
    assert lake.crawler is not None
    run(lake.batch(), lake.upload("t/x.csv", "id", "1"))
    assert lake.crawler.starts == 1
    lake.crawler.end()
    assert not lake.run_event(sqs_record(LOOK_AT_CRAWLER))
    assert lake.crawler.starts == 1


def test_what_publishes_nothing_asks_for_no_crawl(lake: LakeInMemory) -> None:
    lake = lake.with_crawler()
    assert lake.crawler is not None
    lake.store.upload("csv-files/t/_contract.yaml", "null_tokens: [x]")
    run(lake.batch(), lake.upload("t/empty.csv"), "csv-files/t/gone.csv", "csv-files/t/_contract.yaml", "!poison")
    assert [row["outcome"] for row in lake.ledger()] == ["refused", "deleted", "converted"]
    assert lake.crawler.starts == 0


def test_the_crawl_of_a_file_whose_process_died_after_publishing_is_asked_for(lake: LakeInMemory) -> None:
    lake = lake.with_crawler()
    assert lake.crawler is not None
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    run(lake.batch(), "csv-files/t/x.csv")
    assert [row["outcome"] for row in lake.ledger()] == ["unchanged"]
    assert lake.crawler.starts == 1


def test_a_request_that_cannot_be_kept_fails_its_message(lake: LakeInMemory) -> None:
    lake = lake.with_crawler()
    assert lake.crawler is not None

    def broken() -> bool:
        raise TransientError("no crawler today")

    lake.crawler.start = broken  # type: ignore[method-assign]
    lake.store.touch("meta/_crawl-wanted")
    (failure,) = lake.run_event(sqs_record(LOOK_AT_CRAWLER))
    assert failure.message_id == "c"
    with pytest.raises(TransientError, match="no crawler today"):
        run(lake.batch(), lake.upload("t/x.csv", "id", "1"))


def sqs_record(body: str) -> dict[str, Any]:
    return {"Records": [{"messageId": "c", "eventSource": "aws:sqs", "body": body}]}


def test_a_message_that_failed_comes_again_soon_and_later_each_time(lake: LakeInMemory) -> None:
    def broken(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        raise TransientError("not today")

    lake.convert = broken
    event = sqs_event(*(lake.upload(f"t/{number}.csv", "id", "1") for number in range(4)), "!unreadable")
    counts = ({}, *({"ApproximateReceiveCount": count} for count in ("2", "4", "9", "1")))
    for number, (record, told) in enumerate(zip(event["Records"], counts, strict=True)):
        record |= {"receiptHandle": f"r{number}", "attributes": told}
    failed = lake.batch().run(parse_messages(event), "r")
    assert [failure.message_id for failure in failed] == ["m0", "m1", "m2", "m3", "m4"]
    assert lake.queue.hurried == [("r0", 30), ("r1", 120), ("r2", 1800), ("r3", 1800)]
