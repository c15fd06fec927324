"""The converter takes exactly those partition values that the local Athena finds by the parameters made for it."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from csvlake.engine.contract import Contract, Projection
from csvlake.lake.contract import contract_json, read_contract_json
from csvlake.lake.partition_values import check_partition_value
from csvlake.lake.partitions import escape_value
from csvlake.lake.projection import PROJECTED_FORMATS, projection_parameters
from local.athena.catalog import Table
from local.athena.hive_types import parse_hive_type
from local.athena.projection import project

WORDS = st.text(st.characters(categories=["L", "N", "P"], exclude_characters=","), min_size=1, max_size=6).filter(
    lambda word: escape_value(word) == word
)
ENUMS = st.lists(WORDS, min_size=1, max_size=4, unique=True).map(lambda values: Projection("enum", tuple(values)))


@st.composite
def integers(draw: st.DrawFn) -> Projection:
    low = draw(st.integers(0, 120))
    digits = draw(st.none() | st.integers(1, 4))
    return Projection("integer", range=(str(low), str(low + draw(st.integers(0, 40)))), digits=digits)


@st.composite
def dates(draw: st.DrawFn) -> Projection:
    date_format = draw(st.sampled_from(PROJECTED_FORMATS))
    hours = 1 if "%H" in date_format else 24 if "%d" in date_format else 24 * 31
    first = draw(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
    last = first + timedelta(hours=hours * draw(st.integers(1, 40)))
    return Projection("date", range=(first.strftime(date_format), last.strftime(date_format)), format=date_format)


def found(contract: Contract) -> set[str]:
    keys = {key: parse_hive_type(type_) for key, type_ in contract.partition_keys.items()}
    table = Table("db", "t", {}, keys, "s3://b/t/", projection_parameters(contract), None, {})
    return {partition.values[0] for partition in project(table, {})}


@given(ENUMS | integers() | dates(), st.data())
def test_what_is_found_is_what_is_taken(projection: Projection, data: st.DataObject) -> None:
    contract = Contract(partition_keys={"k": "string"}, projection={"k": projection})
    assert read_contract_json(contract_json(contract)) == contract
    values = found(contract)
    assert values
    assert [check_partition_value(value, "string", projection) for value in values] == [None] * len(values)
    value = data.draw(st.sampled_from(sorted(values)))
    at, change = data.draw(st.integers(0, len(value))), data.draw(st.sampled_from(["", "0", "1", "9", "-", "x", " "]))
    near = value[:at] + change + value[at + data.draw(st.integers(0, 1)) :]
    assert (check_partition_value(near, "string", projection) is None) == (near in values)
