"""Which type holds a table's column and a file's."""

import pytest

from csvlake.engine.model import Column
from csvlake.lake.widening import widen_type


@pytest.mark.parametrize(
    ("known", "inferred", "digits", "wider"),
    [
        ("bigint", "bigint", 19, "bigint"),
        ("bigint", "decimal(18,2)", 3, "decimal(18,2)"),
        ("bigint", "decimal(38,0)", 20, "decimal(38,0)"),
        ("bigint", "decimal(38,2)", 30, "decimal(38,2)"),
        ("decimal(18,1)", "decimal(18,3)", 1, "decimal(18,3)"),
        ("decimal(18,3)", "decimal(18,1)", 1, "decimal(18,3)"),
        ("decimal(18,3)", "decimal(18,1)", 17, "decimal(38,3)"),
        ("decimal(18,2)", "bigint", 16, "decimal(18,2)"),
        ("decimal(18,2)", "bigint", 17, "decimal(38,2)"),
        ("decimal(18,2)", "bigint", None, "decimal(38,2)"),
        ("decimal(38,2)", "decimal(18,4)", 14, "decimal(38,4)"),
        ("decimal(38,30)", "decimal(38,0)", 20, None),
        ("decimal(18,2)", "double", None, "double"),
        ("bigint", "double", None, None),
        ("date", "timestamp", None, "timestamp"),
        ("timestamp", "date", None, "timestamp"),
        ("bigint", "string", None, None),
        ("date", "bigint", 8, None),
        ("boolean", "bigint", 1, None),
        ("string", "bigint", 1, "string"),
        ("double", "bigint", 1, None),
    ],
)
def test_the_narrowest_type_that_holds_both(known: str, inferred: str, digits: int | None, wider: str | None) -> None:
    assert widen_type(known, Column("a", inferred, digits=digits)) == wider
