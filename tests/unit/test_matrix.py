"""Which stored types Athena reads silently wrong as which shown ones, and what is shown meanwhile."""

import itertools

import pytest

from csvlake.lake.matrix import choose_shown, is_silent

TYPES = [
    "boolean",
    "bigint",
    "double",
    "decimal(18,2)",
    "decimal(18,4)",
    "decimal(38,2)",
    "decimal(38,4)",
    "date",
    "timestamp",
    "string",
]
# The worst of three versions of the engine, from the measured matrix: values or rows are lost without an error.
DECIMALS = [type_ for type_ in TYPES if type_.startswith("decimal")]
SILENT = {
    *itertools.product(("bigint", "date", "timestamp", "string"), DECIMALS),
    ("date", "bigint"),
    ("decimal(38,2)", "decimal(18,4)"),
    ("decimal(38,2)", "decimal(38,4)"),
    ("decimal(38,4)", "decimal(18,2)"),
    ("decimal(38,4)", "decimal(38,2)"),
    ("decimal(18,2)", "decimal(18,4)"),
    ("decimal(18,2)", "decimal(38,4)"),
    ("decimal(18,4)", "decimal(18,2)"),
    ("decimal(18,4)", "decimal(38,2)"),
    ("decimal(38,2)", "string"),
    ("decimal(38,4)", "string"),
    ("timestamp", "bigint"),
    ("bigint", "date"),
    ("decimal(18,2)", "bigint"),
    ("decimal(18,4)", "bigint"),
    ("decimal(18,2)", "date"),
    ("decimal(18,4)", "date"),
}


@pytest.mark.parametrize("pair", list(itertools.product(TYPES, TYPES)), ids=" as ".join)
def test_every_cell_of_the_matrix(pair: tuple[str, str]) -> None:
    assert is_silent(*pair) == (pair in SILENT)


@pytest.mark.parametrize(
    ("stored", "wanted", "shown"),
    [
        (["bigint"], "decimal(18,0)", "decimal(18,0)"),
        (["bigint"], "decimal(18,2)", "string"),
        (["bigint"], "decimal(38,2)", "boolean"),
        (["bigint"], "double", "double"),
        (["decimal(18,2)"], "decimal(38,2)", "decimal(38,2)"),
        (["decimal(18,1)"], "decimal(18,3)", "string"),
        (["bigint", "decimal(18,1)"], "decimal(18,3)", "string"),
        (["decimal(18,2)"], "string", "string"),
        (["decimal(38,2)"], "string", "boolean"),
        (["decimal(18,2)"], "decimal(38,4)", "boolean"),
        (["date"], "timestamp", "timestamp"),
    ],
)
def test_what_is_shown_while_files_store_several_types(stored: list[str], wanted: str, shown: str) -> None:
    assert choose_shown(stored, wanted, has_partitions=False) == shown


@pytest.mark.parametrize(
    ("stored", "wanted", "shown"),
    [
        (["bigint"], "decimal(18,2)", "boolean"),
        (["boolean"], "string", "timestamp"),
        (["boolean", "timestamp"], "bigint", "string"),
    ],
)
def test_what_is_shown_fits_no_partition(stored: list[str], wanted: str, shown: str) -> None:
    assert choose_shown(stored, wanted, has_partitions=True) == shown


@pytest.mark.parametrize("stored", list(itertools.combinations(TYPES, 3)), ids=" ".join)
def test_something_can_be_shown_for_any_files(stored: tuple[str, ...]) -> None:
    for wanted in TYPES:
        shown = choose_shown(stored, wanted, has_partitions=False)
        assert not any(is_silent(type_, shown) for type_ in (*stored, wanted))
