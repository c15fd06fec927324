"""What contracts hold: rules by name, and formats of dates."""

import pytest

from csvlake.engine.contract import ColumnRule, Contract, find_date_fault


def test_a_rule_is_found_by_its_name() -> None:
    rule = ColumnRule("amount", type="bigint")
    contract = Contract(columns=(ColumnRule("id"), rule))
    assert contract.rule_for("amount") is rule
    assert contract.rule_for("Amount") is None


@pytest.mark.parametrize(
    ("date_format", "type_"),
    [
        ("%d.%m.%Y", "date"),
        ("%d-%b-%y", "date"),
        ("%Y%m%d", "date"),
        ("%m/%d/%Y %H:%M", "timestamp"),
        ("%-m/%-d/%Y %-I:%M %p", "timestamp"),
        ("%Y-%m-%dT%H:%M:%S.%fZ", "timestamp"),
        ("%Y-%m-%d %H:%M:%S.%3f", "timestamp"),
    ],
)
def test_formats_that_can_be_read(date_format: str, type_: str) -> None:
    assert find_date_fault(date_format, type_) is None


@pytest.mark.parametrize(
    ("date_format", "type_", "fault"),
    [
        ("dd.mm.yyyy", "date", "it needs %Y or %y once"),
        ("%d.%m.%Y" + "x" * 100, "date", "it is longer than 100 characters"),
        ("%d.%m", "date", "it needs %Y or %y once"),
        ("%d.%m.%Y.%d", "date", "it needs %d once"),
        ("%d.%m.%Y %y", "date", "it needs %Y or %y once"),
        ("%d.%m.%Y %H", "date", "%H is no part of a date; use type timestamp"),
        ("%d.%m.%Y", "timestamp", "it needs %H or %I once"),
        ("%d.%m.%Y %H:%M:%S.%f%f", "timestamp", "it needs %S and %f at most once, and %f only behind %S"),
        ("%d.%m.%Y %H:%M.%f", "timestamp", "it needs %S and %f at most once, and %f only behind %S"),
        ("%d.%m.%Y %I:%M", "timestamp", "%I and %p need each other"),
        ("%d.%m.%Y %H:%M %p", "timestamp", "%I and %p need each other"),
        ("%-Y", "date", "%-Y is not known here; %Y, %y, %m, %b, %d, %H, %I, %p, %M, %S, %f are"),
        ("%D", "date", "%D is not known here; %Y, %y, %m, %b, %d, %H, %I, %p, %M, %S, %f are"),
        ("%d.%m.%Y%", "date", "% is not known here; %Y, %y, %m, %b, %d, %H, %I, %p, %M, %S, %f are"),
    ],
)
def test_what_is_wrong_with_others(date_format: str, type_: str, fault: str) -> None:
    assert find_date_fault(date_format, type_) == fault
