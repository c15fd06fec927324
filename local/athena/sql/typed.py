"""Rewrite what DuckDB means otherwise than Trino, where that depends on the operands' types.

The types are asked of DuckDB itself, over empty tables of the right columns.
"""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.errors import unsupported
from local.athena.sql.arithmetic import average, divide, rounded, total
from local.athena.sql.functions import call, misuse, rewrite_call
from local.athena.sql.parse import place
from local.athena.sql.type_names import FLOATS, INTEGERS, MOST_DIGITS, cast, known_type, trino_name
from local.athena.sql.typer import Typer

COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
SYMBOLS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def _branches(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    """Refuse CASE and IF whose results are of different families: DuckDB would turn one into the other."""
    results = [branch.args["true"] for branch in node.args.get("ifs") or [node]]
    if node.args.get("default") is not None:
        results.append(node.args["default"])
    if node.args.get("false") is not None:
        results.append(node.args["false"])
    _same_family(node, [typer.of(result) for result in results])
    return None


def _set_operation(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    left, right = typer.columns(node.left), typer.columns(node.right)
    for pair in zip(left, right, strict=False):
        _same_family(node, list(pair))
    return None


def _same_family(node: exp.Expression, kinds: list[str | None]) -> None:
    known = [kind for kind in kinds if kind and _family(kind)]
    if len({_family(kind) for kind in known}) > 1:
        names = ", ".join(sorted({trino_name(kind) for kind in known}))
        raise misuse(f"{place(node)}All results must be the same type: {names}")


def _sequence(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    return cast(node.copy(), "DATE[]") if typer.of(node.args["start"]) == "DATE" else None


def rewrite_by_type(tree: exp.Expression, typer: Typer) -> exp.Expression:
    """Rewrite the query, innermost expressions first.

    Raises:
        QueryError: TYPE_MISMATCH where Trino would refuse the operands; NOT_SUPPORTED where the right answer depends on
            a type that cannot be told.
    """
    for node in reversed(list(tree.walk(bfs=True))):
        rule = next((rule for kinds, rule in RULES if isinstance(node, kinds)), None)
        new = rewrite_call((rule(node, typer) if rule else None) or node)
        if new is not node:
            if node is tree:
                tree = new
            node.replace(new)
    return tree


def _cast_rule(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    target = node.to
    name = target.this.name if isinstance(target.this, exp.DataType.Type) else str(target.this)
    if name == "DECIMAL" and not target.expressions:
        precision, scale = MOST_DIGITS, 0
        if "called" not in node.meta and isinstance(node.this, exp.Literal):  # DECIMAL '1.10', with the digits it has
            whole, _, part = str(node.this.this).lstrip("+-").partition(".")
            precision, scale = max(1, len(whole) + len(part)), len(part)
        node.set("to", exp.DataType.build(f"DECIMAL({precision}, {scale})", dialect="duckdb"))
    if name == "TIMESTAMP" and target.expressions:
        node.set("to", exp.DataType.build("TIMESTAMP"))
    if name in {"TINYINT", "SMALLINT", "INT", "BIGINT"}:
        kind = known_type(node.this, typer, "A CAST")
        if kind in FLOATS:
            node.set("this", call("round", node.this.copy()))
        elif kind == "VARCHAR":
            checked = "athena_try_int" if isinstance(node, exp.TryCast) else "athena_int"
            node.set("this", call(checked, node.this.copy()))
        return None
    if name in {"VARCHAR", "TEXT", "CHAR", "NCHAR"}:
        return _cast_to_text(node, typer)
    return None


def _cast_to_text(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    kind = known_type(node.this, typer, "A CAST")
    text: exp.Expression | None = None
    if kind in FLOATS:
        text = call("athena_double" if kind == "DOUBLE" else "athena_real", node.this.copy())
    elif kind.startswith("TIMESTAMP"):
        text = call("athena_timestamp", node.this.copy())
        if "ZONE" in kind:
            text = exp.paren(exp.DPipe(this=text, expression=exp.Literal.string(" UTC")))
    elif kind == "JSON":
        text = call("json_extract_string", node.this.copy(), exp.Literal.string("$"))
    elif kind == "BLOB" or kind.endswith("[]") or kind.startswith(("STRUCT", "MAP", "TUPLE")):
        raise misuse(f"{place(node)}Cannot cast {trino_name(kind)} to varchar")
    if node.to.expressions:
        base = text or exp.Cast(this=node.this.copy(), to=exp.DataType.build("VARCHAR"))
        return call("left", base, node.to.expressions[0].this.copy())
    return text


def _family(kind: str) -> str:
    if kind in INTEGERS or kind in FLOATS or kind.startswith("DECIMAL"):
        return "number"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "moment"
    return {"VARCHAR": "text", "BOOLEAN": "boolean", "JSON": "json"}.get(kind, "")


def _compare(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    if isinstance(node, exp.Between):
        pairs = [(node.this, node.args["low"]), (node.this, node.args["high"])]
    elif isinstance(node, exp.In):
        pairs = [(node.this, item) for item in node.expressions]
    else:
        pairs = [(node.left, node.right)]
    for left, right in pairs:
        if isinstance(right, exp.Query | exp.Subquery | exp.Any | exp.All):
            continue
        first, second = typer.of(left), typer.of(right)
        if first is None or second is None:
            continue
        one, two = _family(first), _family(second)
        if one and two and one != two:
            symbol = SYMBOLS.get(node.key, node.key.upper())
            raise misuse(f"{place(node)}Cannot apply operator: {trino_name(first)} {symbol} {trino_name(second)}")
    return None


def _concatenate(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    operands = node.expressions if isinstance(node, exp.Concat) else [node.left, node.right]
    for operand in operands:
        kind = typer.of(operand)
        if kind and _family(kind) not in {"text", ""}:
            raise misuse(f"{place(node)}Unexpected parameters ({trino_name(kind)}) for function concat")
    return None


def _keep_date(operand: Callable[[exp.Expression], exp.Expression]) -> Callable[..., exp.Expression | None]:
    def rule(node: exp.Expression, typer: Typer) -> exp.Expression | None:
        return cast(node.copy(), "DATE") if typer.of(operand(node)) == "DATE" else None

    return rule


def _plus(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    interval = node.find(exp.Interval)
    first, second = typer.of(node.left), typer.of(node.right)
    if interval is not None and (node.left is interval or node.right is interval) and "DATE" in {first, second}:
        return cast(exp.paren(node.copy()), "DATE")
    if isinstance(node, exp.Sub) and first and second and _family(first) == _family(second) == "moment":
        raise unsupported(f"{place(node)}The difference of two dates or times; date_diff")
    if {first, second} == {"DATE", "INTEGER"}:
        raise misuse(f"{place(node)}Cannot apply operator: {trino_name(str(first))} + {trino_name(str(second))}")
    return None


def _type_of(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    return exp.Literal.string(trino_name(known_type(node.this, typer, "typeof")))


def _unnest(node: exp.Expression, typer: Typer) -> exp.Expression | None:
    if len(node.expressions) != 1:
        raise unsupported("UNNEST of several arrays")
    kind = typer.of(node.expressions[0]) or ""
    if kind.startswith("MAP") or (kind.startswith("STRUCT") and kind.endswith("[]")):
        raise unsupported(f"UNNEST of {trino_name(kind)}")
    return None


RULES: tuple[tuple[Any, Callable[..., exp.Expression | None]], ...] = (
    (exp.Div, divide),
    (exp.Avg, average),
    (exp.Sum, total),
    ((exp.Cast, exp.TryCast), _cast_rule),
    ((*COMPARISONS, exp.Between, exp.In), _compare),
    ((exp.DPipe, exp.Concat), _concatenate),
    ((exp.DateAdd, exp.DateTrunc, exp.TimestampTrunc), _keep_date(lambda node: node.this)),
    ((exp.Add, exp.Sub), _plus),
    (exp.Round, rounded),
    (exp.Case, _branches),
    (exp.SetOperation, _set_operation),
    (exp.GenerateSeries, _sequence),
    (exp.Typeof, _type_of),
    (exp.Unnest, _unnest),
)
