"""Division, averages, sums and rounding, exact in decimals as Trino's are."""

from sqlglot import exp

from local.athena.errors import unsupported
from local.athena.sql.functions import call, misuse
from local.athena.sql.parse import place
from local.athena.sql.type_names import (
    DECIMAL,
    FLOATS,
    INTEGERS,
    MOST_DIGITS,
    cast,
    decimal_digits,
    known_type,
    trino_name,
)
from local.athena.sql.typer import Typer


def divide(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    """Return a division as Trino means it: whole numbers stay whole, decimals stay decimals.

    The result of two decimals has precision p1 + s2 + max(0, s2 - s1) and the greater scale:
    https://trino.io/docs/current/functions/decimal.html#binary-arithmetic-decimal-operators
    """
    left, right = known_type(node.left, typer, "A division"), known_type(node.right, typer, "A division")
    if "NULL" in left or "NULL" in right:
        return None
    if left in INTEGERS and right in INTEGERS:
        return exp.paren(exp.IntDiv(this=exp.paren(node.left.copy()), expression=exp.paren(node.right.copy())))
    if left in FLOATS or right in FLOATS:
        kind = "FLOAT" if left == right == "FLOAT" else "DOUBLE"
        return exp.paren(
            exp.Div(this=cast(node.left.copy(), kind), expression=cast(node.right.copy(), kind), typed=True)
        )
    first, second = decimal_digits(left), decimal_digits(right)
    if first is None or second is None:
        if "INTERVAL" in left:
            return None
        raise misuse(f"{place(node)}Cannot apply operator: {trino_name(left)} / {trino_name(right)}")
    scale = max(first[1], second[1])
    precision = min(MOST_DIGITS, first[0] + second[1] + max(0, second[1] - first[1]))
    return divide_decimals(node.left.copy(), node.right.copy(), scale - first[1] + second[1], precision, scale)


def divide_decimals(
    left: exp.Expression, right: exp.Expression, shift: int, precision: int, scale: int
) -> exp.Expression:
    """Divide exactly, rounding half up, in whole numbers."""
    left = call("athena_unscaled", left)
    right = call("athena_unscaled", right)
    if shift:
        left = exp.Mul(this=left, expression=cast(exp.Literal.number("1" + "0" * shift), "HUGEINT"))
    quotient = call("athena_half_up", left, right)
    return cast(call("athena_scaled", quotient, exp.Literal.number(scale)), f"DECIMAL({precision}, {scale})")


def average(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    """Return AVG of decimals as a decimal of the same type; of other numbers DuckDB's is right."""
    kind = known_type(node.this, typer, "AVG")
    if kind == "FLOAT":
        return None if isinstance(node.parent, exp.Window) else cast(node.copy(), "FLOAT")
    digits = DECIMAL.fullmatch(kind)
    if not digits:
        return None
    if isinstance(node.parent, exp.Window | exp.Filter) or isinstance(node.this, exp.Distinct):
        raise unsupported("AVG of decimals with OVER, FILTER or DISTINCT")
    precision, scale = int(digits[1]), int(digits[2])
    total, count = exp.Sum(this=node.this.copy()), exp.Count(this=node.this.copy())
    total = cast(total, f"DECIMAL({MOST_DIGITS}, {scale})")
    return divide_decimals(total, count, 0, precision, scale)


def total(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    """Return SUM of whole numbers as bigint and of floats as real; DuckDB's are wider."""
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    kind = known_type(argument, typer, "SUM")
    wanted = {"FLOAT": "FLOAT"} | dict.fromkeys(INTEGERS, "BIGINT")
    if kind == "VARCHAR":
        raise misuse(f"{place(node)}Unexpected parameters (varchar) for function sum")
    if kind not in wanted:
        return None
    outer = node
    while isinstance(outer.parent, exp.Window | exp.Filter) and outer.parent.this is outer:
        outer = outer.parent
    if outer is node:
        return cast(node.copy(), wanted[kind])
    outer.replace(cast(outer.copy(), wanted[kind]))
    return None


def rounded(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    """Return ROUND of a decimal to some digits with the scale that it had; DuckDB's loses it."""
    digits = DECIMAL.fullmatch(typer.of(node.this) or "")
    if not digits or not node.args.get("decimals"):
        return None
    precision, scale = min(MOST_DIGITS, int(digits[1]) + 1), int(digits[2])
    return cast(node.copy(), f"DECIMAL({precision}, {scale})")
