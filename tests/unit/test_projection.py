"""Partition projection by contract, against Athena's documentation, and what it makes of folders' values.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import pytest

from csvlake.engine.contract import Contract, Projection
from csvlake.engine.model import Column
from csvlake.errors import TerminalError
from csvlake.lake.contract import parse_contract
from csvlake.lake.partition_values import check_partition_value, type_partitions
from csvlake.lake.projection import projection_parameters

KEYS = "partition_keys: {dt: date, hour: string, shop: string, no: bigint, who: string}\n"
PROJECTED = f"""{KEYS}projection:
  dt: {{type: date, range: [2020-01-01, NOW+1DAY]}}
  hour: {{type: date, range: [2020010100, NOW], format: "%Y%m%d%H"}}
  shop: {{type: enum, values: [north, "south west"]}}
  no: {{type: integer, range: [0, 99], digits: 2}}
  who: {{type: injected}}
"""


def read(text: str) -> Contract:
    return parse_contract(text.encode(), "x.yaml")


def test_parameters_are_those_that_athena_documents() -> None:
    assert projection_parameters(read(PROJECTED)) == {
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.range": "2020-01-01,NOW+1DAY",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
        "projection.hour.type": "date",
        "projection.hour.range": "2020010100,NOW",
        "projection.hour.format": "yyyyMMddHH",
        "projection.hour.interval": "1",
        "projection.hour.interval.unit": "HOURS",
        "projection.shop.type": "enum",
        "projection.shop.values": "north,south west",
        "projection.no.type": "integer",
        "projection.no.range": "0,99",
        "projection.no.digits": "2",
        "projection.who.type": "injected",
    }


def test_without_a_projection_there_are_none() -> None:
    assert projection_parameters(read(KEYS)) == {}


@pytest.mark.parametrize(
    ("keys", "projection", "problems"),
    [
        (
            "dt: date",
            "x: {type: injected}",
            [
                "projection.x: is not among the partition keys dt",
                "projection: has no dt: Athena wants all partition keys or none",
            ],
        ),
        ("dt: date", "dt: {}", ["projection.dt: has no type"]),
        ("dt: date", "dt: {type: dates}", ["projection.dt.type: 'dates' is not a projection; did you mean date?"]),
        ("dt: date", "dt: {type: date}", ["projection.dt: has no range"]),
        (
            "dt: date",
            "dt: {type: date, range: [2020-01-01]}",
            ['projection.dt.range: has 1 items, not 2: write it as ["2020-01-01", "NOW"]'],
        ),
        (
            "dt: date",
            "dt: {type: date, range: [2020-13-01, yesterday]}",
            [
                "projection.dt.range[0]: '2020-13-01' is neither of the format %Y-%m-%d nor such as NOW or NOW-30DAYS",
                "projection.dt.range[1]: 'yesterday' is neither of the format %Y-%m-%d nor such as NOW or NOW-30DAYS",
            ],
        ),
        (
            "dt: date",
            "dt: {type: date, range: [2020-01-02, 2020-01-01]}",
            ["projection.dt.range: 2020-01-02 is not before 2020-01-01"],
        ),
        (
            "dt: date",
            'dt: {type: date, range: [20200101, NOW], format: "%Y%m%d"}',
            ["projection.dt.format: folders of a key of type date are written %Y-%m-%d; make the key a string"],
        ),
        (
            "dt: string",
            'dt: {type: date, range: ["", NOW], format: "%M"}',
            [
                "projection.dt.format: '%M' is not a format of projected dates; did you mean %Y%m?",
                "projection.dt.range[0]: is empty: give a text or leave it out",
            ],
        ),
        (
            "no: bigint",
            "no: {type: enum, values: [a]}",
            ["projection.no.type: enum needs a partition key of type string, not bigint"],
        ),
        (
            "no: bigint",
            "no: {type: integer, range: [1.5, b]}",
            [
                "projection.no.range[0]: '1.5' is not a whole number",
                "projection.no.range[1]: 'b' is not a whole number",
            ],
        ),
        ("no: bigint", "no: {type: integer, range: [2, 1]}", ["projection.no.range: 2 is more than 1"]),
        (
            "no: bigint",
            "no: {type: integer, range: [1, 2], digits: 0}",
            ["projection.no.digits: '0' is not a whole number from 1 to 18"],
        ),
        (
            "no: bigint",
            "no: {type: integer, range: [1, 2], format: '%Y-%m'}",
            ["projection.no.format: is not of projections of type integer"],
        ),
        (
            "a: string",
            "a: {type: enum, values: ['x,y', ' z', 'p:q', r, r]}",
            [
                *(
                    f"projection.a.values[{number}]: {value!r} cannot be projected: "
                    "it has a comma, blanks around it, or what a path escapes"
                    for number, value in enumerate(("x,y", " z", "p:q"))
                ),
                "projection.a.values[4]: 'r' is there twice",
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_projection(keys: str, projection: str, problems: list[str]) -> None:
    with pytest.raises(TerminalError) as refused:
        read(f"partition_keys: {{{keys}}}\nprojection: {{{projection}}}\n")
    told = [line.split(": ", 1)[1] for line in refused.value.message.split("\n")[1:]]
    assert sorted(told) == sorted(problems)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("", "string"),
        ("2026-01-31", "date"),
        ("0001-01-01", "date"),
        ("01", "bigint"),
        ("-5", "int"),
        ("9223372036854775807", "bigint"),
        ("__HIVE_DEFAULT_PARTITION__", "date"),
    ],
)
def test_values_that_athena_reads(value: str, type_: str) -> None:
    assert check_partition_value(value, type_) is None


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("", "bigint"),
        ("1.0", "bigint"),
        ("+1", "bigint"),
        ("1_0", "bigint"),
        ("9223372036854775808", "bigint"),
        ("2147483648", "int"),
        ("2026-1-31", "date"),
        ("2026-02-30", "date"),
        ("20260131", "date"),
        ("2026-01-31 ", "date"),
    ],
)
def test_values_that_it_does_not(value: str, type_: str) -> None:
    assert str(check_partition_value(value, type_)).startswith(f"{value!r} is no {type_}")


@pytest.mark.parametrize(
    ("value", "projection", "fault"),
    [
        ("2020-01-01", Projection("date", range=("2020-01-01", "NOW")), None),
        ("2199-01-01", Projection("date", range=("2020-01-01", "NOW")), None),
        (
            "2019-12-31",
            Projection("date", range=("2020-01-01", "NOW")),
            "outside the projection's range 2020-01-01,NOW",
        ),
        ("2020-01", Projection("date", range=("2020-01", "NOW"), format="%Y-%m"), None),
        (
            "202001",
            Projection("date", range=("2020-01", "NOW"), format="%Y-%m"),
            "not of the projection's format %Y-%m",
        ),
        ("07", Projection("integer", range=("1", "12"), digits=2), None),
        (
            "7",
            Projection("integer", range=("1", "12"), digits=2),
            "no whole number in 2 digits, as the projection has it",
        ),
        (
            "07",
            Projection("integer", range=("1", "12")),
            "no whole number without leading zeros, as the projection has it",
        ),
        ("13", Projection("integer", range=("1", "12")), "outside the projection's range 1,12"),
        ("-3", Projection("integer", range=("-5", "5")), None),
        ("eu", Projection("enum", values=("eu", "us")), None),
        ("asia", Projection("enum", values=("eu", "us")), "not among the projection's values"),
        ("a:b", Projection("injected"), "written with % in a path, where a projection does not find it"),
        ("ab", Projection("injected"), None),
    ],
)
def test_values_that_a_projection_counts_out(value: str, projection: Projection, fault: str | None) -> None:
    found = check_partition_value(value, "string", projection)
    assert found == (fault and f"{value!r} is {fault}")


def test_a_projected_key_has_no_null() -> None:
    fault = check_partition_value("__HIVE_DEFAULT_PARTITION__", "string", Projection("injected"))
    assert fault == "a projected key has no null"


def test_keys_get_the_contract_s_types() -> None:
    contract = Contract(partition_keys={"dt": "date", "shop": "string"})
    assert type_partitions(contract, [("dt", "2026-01-31"), ("shop", "north")]) == (
        Column("dt", "date"),
        Column("shop", "string"),
    )
    assert type_partitions(Contract(), [("dt", "x")]) == (Column("dt", "string"),)


@pytest.mark.parametrize("partitions", [[], [("dt", "2026-01-31")], [("shop", "north"), ("dt", "2026-01-31")]])
def test_other_folders_than_the_contract_s_are_refused(partitions: list[tuple[str, str]]) -> None:
    contract = Contract(partition_keys={"dt": "date", "shop": "string"})
    with pytest.raises(TerminalError, match="and the contract has dt, shop: move the file to such folders"):
        type_partitions(contract, partitions)


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(TerminalError, match="the folder dt=a%3Ab: 'a:b' is no date such as 2026-01-31"):
        type_partitions(Contract(partition_keys={"dt": "date"}), [("dt", "a:b")])
