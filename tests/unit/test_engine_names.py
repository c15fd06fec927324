"""Column names: what Glue and Athena accept, the same wherever a text stands."""

import pytest

from csvlake.engine.names import MAX_CHARS, clean_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id", "id"),
        ("  Order Date ", "order_date"),
        ("Größe (cm)", "grosse_cm"),
        ("Цена", "tsena"),
        ("日期", "u65e5_u671f"),
        ("#", "u0023"),
        ("_id", "_id"),
        ("a_b", "a_b"),
        ("2019", "2019"),
        ("", "column_1"),
        ("   ", "column_1"),
        ("_rescued_data", "_rescued_data_2"),
        ("_raw", "_raw_2"),
        ("x\ny", "x_y"),
    ],
)
def test_text_becomes_a_name(text: str, name: str) -> None:
    assert clean_names([text]) == [name]


def test_duplicates_are_numbered_and_never_take_a_name_that_is_there() -> None:
    assert clean_names(["a", "A", "a "]) == ["a", "a_2", "a_3"]
    assert clean_names(["a", "a", "a_2"]) == ["a", "a_3", "a_2"]
    assert clean_names(["", "", "column_2"]) == ["column_1", "column_2", "column_2_2"]


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second, third = clean_names(["x" * 300, "x" * 300 + "y", "x" * 300])
    assert {len(name) for name in (first, second, third)} == {MAX_CHARS}
    assert len({first, second, third}) == 3


def test_five_thousand_empty_names() -> None:
    names = clean_names([""] * 5000 + ["a"] * 5000)
    assert len(set(names)) == 10_000
