"""Where a crawler makes the tables: files take the contract's types, else the table's, and the catalog is only read."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from csvlake.engine.model import Column, Converted, ConvertOptions, Source
from csvlake.lake.ports import Table
from tests.fakes import convert_simply
from tests.lakes import LakeInMemory

KEY = "csv-files/t/_contract.yaml"
DECIMALS = "columns:\n  - {name: id, type: 'decimal(18,2)'}\n"


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory().with_crawler()


def crawl(lake: LakeInMemory, *partition_keys: str, **types: str) -> None:
    """Make the table t as a crawler does."""
    columns = tuple(Column(name, type_) for name, type_ in types.items())
    keys = tuple(Column(key, "string") for key in partition_keys)
    lake.catalog.tables["t"] = Table("t", columns, keys, "s3://lake/parquet-files/t/", "3")


def stored(lake: LakeInMemory, name: str) -> dict[str, str]:
    return {field.name: str(field.type) for field in lake.table(name).schema}


def act_while_converting(lake: LakeInMemory, act: Callable[[], object]) -> None:
    """Do something once, after a file was read and before it is published; it takes ten seconds."""
    acts = [act]

    def convert(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        converted = convert_simply(source, options, *rest)
        if acts:
            acts.pop()()
            lake.clock.advance(10)
        return converted

    lake.convert = convert


def written(lake: LakeInMemory) -> int:
    calls = lake.catalog.calls
    return calls["create_table"] + calls["update_table"] + calls["create_partition"] + calls["align_partitions"]


def test_a_wider_file_is_rescued_and_changes_no_type(lake: LakeInMemory) -> None:
    crawl(lake, id="bigint")
    outcome = lake.converge(lake.upload("t/x.csv", "id", "1", "2.5"))
    assert lake.rows("t/x.csv") == [(1, None), (None, "{'id': '2.5'}")]
    assert outcome.rows_rescued == 1
    assert (written(lake), lake.queue.sent, lake.owner.told) == (0, [], [])


def test_a_contract_that_would_widen_rescues(lake: LakeInMemory) -> None:
    policies = []

    def convert(source: Source, options: ConvertOptions, *rest: Any) -> Converted:
        policies.append(options.on_misfit)
        return convert_simply(source, options, *rest)

    lake.convert = convert
    crawl(lake, id="bigint")
    lake.store.upload(KEY, "on_misfit: widen\n")
    lake.converge(lake.upload("t/x.csv", "id", "n/a"))
    assert policies == ["rescue"]
    assert lake.rows("t/x.csv") == [(None, "{'id': 'n/a'}")]
    assert written(lake) == 0


def test_a_contracts_type_wins_over_the_crawlers(lake: LakeInMemory) -> None:
    crawl(lake, id="bigint", amount="string")
    lake.store.upload(KEY, DECIMALS)
    lake.converge(lake.upload("t/x.csv", "id,amount", "1,2"))
    assert stored(lake, "t/x.csv") == {"id": "decimal128(18, 2)", "amount": "string"}
    assert written(lake) == 0


@pytest.mark.parametrize("contract", [None, DECIMALS])
def test_a_table_that_is_crawled_meanwhile_is_agreed_with(lake: LakeInMemory, contract: str | None) -> None:
    """What a contract does not say of a column, the table does."""
    if contract:
        lake.store.upload(KEY, contract)
    act_while_converting(lake, lambda: crawl(lake, id="decimal(18,2)", amount="string"))
    lake.converge(lake.upload("t/x.csv", "id,amount", "1,2"))
    assert stored(lake, "t/x.csv") == {"id": "decimal128(18, 2)", "amount": "string"}


def test_a_contract_that_changes_while_a_file_is_converted_is_obeyed(lake: LakeInMemory) -> None:
    act_while_converting(lake, lambda: lake.store.upload(KEY, DECIMALS))
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert stored(lake, "t/x.csv") == {"id": "decimal128(18, 2)"}


def test_a_file_that_is_published_late_does_not_bring_an_old_contract_back(lake: LakeInMemory) -> None:
    """The contract's looks were all done before the slow process publishes."""

    def change() -> None:
        lake.store.upload(KEY, DECIMALS)
        lake.converge(KEY)
        lake.deliver()
        assert stored(lake, "t/x.csv") == {"id": "decimal128(18, 2)"}

    act_while_converting(lake, change)
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert stored(lake, "t/x.csv") == {"id": "decimal128(18, 2)"}


def test_what_a_process_remembers_of_contracts_decides_nothing(lake: LakeInMemory) -> None:
    process = lake.process()
    process.converge(lake.upload("t/x.csv", "id", "1"))
    lake.store.upload(KEY, DECIMALS)
    process.converge("csv-files/t/x.csv")
    assert stored(lake, "t/x.csv") == {"id": "decimal128(18, 2)"}


def test_a_refusal_by_an_old_contract_does_not_hold(lake: LakeInMemory) -> None:
    process = lake.process()
    lake.store.upload(KEY, "partition_keys: {dt: date}\n")
    refused = process.converge(lake.upload("t/x.csv", "id", "1"))
    assert (refused.outcome, lake.rows("t/x.csv")) == ("refused", [])
    lake.store.remove(KEY)
    assert process.converge("csv-files/t/x.csv").outcome == "converted"
    assert lake.rows("t/x.csv") == [(1,)]


def test_a_contract_for_other_partition_keys_is_refused_and_takes_no_rows(lake: LakeInMemory) -> None:
    key = lake.upload("t/dt=1/x.csv", "id", "1")
    lake.converge(key)
    crawl(lake, "dt", id="bigint")
    lake.store.upload(KEY, "partition_keys: {day: date}\n")
    outcome = lake.converge(KEY)
    assert outcome.outcome == "refused"
    assert outcome.reason is not None
    assert outcome.reason.startswith("partition_layout")
    assert len(lake.owner.told) == 1
    assert lake.converge(key).outcome == "unchanged"
    assert lake.rows("t/dt=1/x.csv") == [(1,)]


def test_what_the_crawler_makes_of_plain_folders_takes_no_rows(lake: LakeInMemory) -> None:
    crawl(lake, "dt", "partition_1", id="bigint")
    key = lake.upload("t/dt=1/north/x.csv", "id", "1")
    assert lake.converge(key).outcome == "converted"
    assert lake.converge(key).outcome == "unchanged"
    assert lake.rows("t/dt=1/north/x.csv") == [(1,)]
    assert lake.converge(lake.upload("t/north/x.csv", "id", "1")).outcome == "refused"


def test_a_contract_asks_for_a_look_at_every_file(lake: LakeInMemory) -> None:
    keys = [lake.upload("t.csv", "id", "1"), lake.upload("t/a/x.csv", "id"), lake.upload("t/refused.csv")]
    lake.upload("other/x.csv", "id", "1")
    for text in (DECIMALS, None):
        if text is None:
            lake.store.remove(KEY)
        else:
            lake.store.upload(KEY, text)
        lake.converge(KEY)
        assert sorted(json.loads(body)["key"] for body in lake.queue.receive()) == sorted(keys)


def test_a_small_file_reads_its_contract_once_more(lake: LakeInMemory) -> None:
    process = lake.process()
    process.converge(lake.upload("t/x.csv", "id", "1"))
    before = lake.calls()
    process.converge(lake.upload("t/y.csv", "id", "1"))
    calls = lake.calls() - before
    assert (calls["open_source"], calls["put"], calls["head"]) == (2, 1, 1)
