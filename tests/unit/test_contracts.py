"""A contract that is uploaded, changed, broken or deleted: its table converges, whenever the event comes."""

import pytest

from csvlake.engine.contract import ColumnRule, Contract
from csvlake.errors import TerminalError
from csvlake.lake.contract import contract_json
from csvlake.lake.contracts import apply_contract
from csvlake.lake.ports import Table
from csvlake.lake.stamp import Stamp, digest_contract
from tests.lakes import LakeInMemory

KEY = "csv-files/t/_contract.yaml"
DECIMALS = "columns:\n  - {name: id, type: 'decimal(18,2)', description: money}\n"


@pytest.fixture
def lake() -> LakeInMemory:
    return LakeInMemory()


def upload(lake: LakeInMemory, text: str) -> str:
    lake.store.upload(KEY, text)
    return KEY


def stamp_of(lake: LakeInMemory, name: str) -> Stamp:
    stamp = Stamp.read(lake.store.objects[lake.target(name)][0].metadata)
    assert stamp is not None
    return stamp


def test_a_contract_before_the_first_file_makes_the_table_with_it(lake: LakeInMemory) -> None:
    assert lake.converge(upload(lake, DECIMALS)).outcome == "converted"
    assert not lake.catalog.tables
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert lake.types("t") == {"id": "decimal(18,2)"}
    assert str(lake.table("t/x.csv").schema.field("id").type) == "decimal128(18, 2)"
    assert lake.catalog.tables["t"].contract == contract_json(
        Contract(columns=(ColumnRule("id", type="decimal(18,2)"),))
    )


def test_a_contract_converts_older_files_again(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    assert lake.converge(upload(lake, DECIMALS + "null_tokens: ['1']\n")).outcome == "converted"
    lake.deliver()
    assert lake.types("t") == {"id": "decimal(18,2)"}
    assert lake.rows("t/x.csv") == [(None,)]
    assert stamp_of(lake, "t/x.csv").contract == digest_contract(lake.catalog.tables["t"].contract) != ""


def test_deleting_a_contract_converts_them_without_it(lake: LakeInMemory) -> None:
    upload(lake, "null_tokens: ['1']\n")
    lake.converge(lake.upload("t/x.csv", "id", "1", "2"))
    assert lake.rows("t/x.csv") == [(None,), (2,)]
    lake.store.remove(KEY)
    assert lake.converge(KEY).outcome == "deleted"
    lake.deliver()
    assert lake.rows("t/x.csv") == [(1,), (2,)]
    assert lake.catalog.tables["t"].contract == ""


def test_a_broken_contract_is_refused_and_the_last_good_one_stays(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.converge(upload(lake, DECIMALS))
    good = lake.catalog.tables["t"].contract
    outcome = lake.converge(upload(lake, "columns: 7\n"))
    assert outcome.outcome == "refused"
    assert outcome.reason is not None
    assert outcome.reason.startswith("bad_contract: csv-files/t/_contract.yaml is not a contract")
    assert lake.catalog.tables["t"].contract == good
    assert [subject for subject, _ in lake.owner.told] == ["csvlake: the contract of t was refused"]


def test_a_second_event_changes_nothing(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.converge(upload(lake, DECIMALS))
    version = lake.catalog.tables["t"].version_id
    assert lake.converge(KEY).outcome == "unchanged"
    assert lake.catalog.tables["t"].version_id == version


def test_a_change_of_descriptions_alone_converts_nothing(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.converge(upload(lake, DECIMALS))
    lake.deliver()
    assert lake.converge(upload(lake, DECIMALS.replace("money", "euros"))).outcome == "unchanged"
    assert not lake.queue.sent


def test_a_contract_that_comes_while_the_table_is_made_is_not_lost(lake: LakeInMemory) -> None:
    """Its own event finds no table, and the table's maker found no contract."""

    def meanwhile() -> None:
        upload(lake, DECIMALS)
        assert lake.converge(KEY).outcome == "converted"

    lake.catalog.before("create_table", meanwhile)
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    lake.deliver()
    assert lake.types("t") == {"id": "decimal(18,2)"}
    assert stamp_of(lake, "t/x.csv").contract != ""


def test_a_contract_stands_in_the_folder_that_bears_the_tables_name(lake: LakeInMemory) -> None:
    lake.store.upload("csv-files/Sales 2024/_contract.yaml", DECIMALS)
    outcome = lake.converge("csv-files/Sales 2024/_contract.yaml")
    assert outcome.outcome == "refused"
    assert outcome.reason == (
        "contract_place: the contract of the table sales_2024 must stand at csv-files/sales_2024/_contract.yaml"
    )


def test_partition_keys_have_the_contracts_types(lake: LakeInMemory) -> None:
    upload(lake, "partition_keys: {day: date}\n")
    lake.converge(lake.upload("t/day=2026-01-31/x.csv", "id", "1"))
    assert [key.type for key in lake.catalog.tables["t"].partition_keys] == ["date"]
    outcome = lake.converge(lake.upload("t/day=today/x.csv", "id", "1"))
    assert outcome.outcome == "refused"
    assert outcome.reason is not None
    assert outcome.reason.startswith("partition_value: the folder day=today: 'today' is no date")
    assert set(lake.catalog.partitions["t"]) == {("2026-01-31",)}


def test_a_contract_for_other_partition_keys_is_refused(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/dt=1/x.csv", "id", "1"))
    outcome = lake.converge(upload(lake, "partition_keys: {day: date}\n"))
    assert outcome.outcome == "refused"
    assert lake.catalog.tables["t"].contract == ""


def test_projected_partitions_are_not_registered(lake: LakeInMemory) -> None:
    upload(lake, "partition_keys: {day: date}\nprojection: {day: {type: date, range: [2026-01-01, NOW]}}\n")
    lake.converge(lake.upload("t/day=2026-01-31/x.csv", "id", "1"))
    assert lake.catalog.tables["t"].projection["projection.enabled"] == "true"
    assert not lake.catalog.partitions.get("t")
    lake.store.remove(KEY)
    lake.converge(KEY)
    lake.deliver()
    assert not lake.catalog.tables["t"].projection
    assert set(lake.catalog.partitions["t"]) == {("2026-01-31",)}


def test_a_contract_in_the_parameters_that_somebody_broke_waits_for_a_person(lake: LakeInMemory) -> None:
    lake.converge(lake.upload("t/x.csv", "id", "1"))
    held = lake.catalog.tables["t"]
    lake.catalog.tables["t"] = Table(held.name, held.columns, (), held.location, "9", held.types_id, contract="{")
    with pytest.raises(Exception, match="upload the contract again"):
        lake.converge(lake.upload("t/y.csv", "id", "1"))
    assert not lake.rows("t/y.csv")


def test_in_crawler_mode_contracts_are_read_from_the_bucket(lake: LakeInMemory) -> None:
    crawled = lake.with_crawler()
    crawled.upload("t/x.csv", "id", "1")
    crawled.converge("csv-files/t/x.csv")
    assert str(crawled.table("t/x.csv").schema.field("id").type) == "int64"
    crawled.store.upload(KEY, DECIMALS)
    assert crawled.converge(KEY).outcome == "converted"
    crawled.deliver()
    assert str(crawled.table("t/x.csv").schema.field("id").type) == "decimal128(18, 2)"
    assert not crawled.catalog.tables


def test_a_table_with_other_keys_is_told_so() -> None:
    with pytest.raises(TerminalError, match="start the table over"):
        apply_contract(Table("t", (), (), "s3://x/", "1"), Contract(partition_keys={"dt": "date"}), 0)


def test_a_file_that_one_contract_refused_is_looked_at_by_the_next(lake: LakeInMemory) -> None:
    upload(lake, "partition_keys: {day: date}\n")
    lake.converge(lake.upload("t/day=2026-01-31/x.csv", "id", "1"))
    assert lake.converge(lake.upload("t/day=today/x.csv", "id", "2")).outcome == "refused"
    lake.converge(upload(lake, "partition_keys: {day: string}\n"))
    lake.deliver()
    assert lake.rows("t/day=today/x.csv") == [(2,)]
