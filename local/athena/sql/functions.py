"""Which of Trino's functions are answered, and those whose meaning needs another name in DuckDB.

A function is answered only when its name stands here: one that DuckDB happens to have under the same name, with another
meaning, would be a wrong answer that nobody sees.
"""

import re
from collections.abc import Callable

from sqlglot import exp

from local.athena.errors import QueryError, unsupported

PLAIN = frozenset(
    """
    case any all some abs acos all_match any_match any_value arbitrary array_agg array_join asin atan atan2 avg
    bitwise_and bitwise_or bitwise_xor bool_and bool_or cardinality cbrt ceil ceiling chr coalesce concat contains
    corr cos cosh count count_if covar_pop covar_samp cume_dist current_date current_timestamp date date_add
    date_diff date_format date_parse date_trunc day day_of_month day_of_week day_of_year degrees dense_rank dow doy
    e element_at every exp extract filter first_value flatten floor format_datetime from_iso8601_date
    from_iso8601_timestamp from_unixtime greatest grouping hour if infinity is_finite is_infinite is_nan
    json_array_length json_extract json_extract_scalar json_format json_parse lag last_day_of_month last_value lead
    least length levenshtein_distance listagg ln localtimestamp log10 log2 lower lpad ltrim map map_agg map_keys
    map_values max max_by md5 millisecond min min_by minute mod month nan now nth_value ntile nullif percent_rank pi
    position pow power quarter radians rand random rank reduce regexp_extract regexp_extract_all regexp_like
    regexp_replace regr_intercept regr_slope replace reverse round row row_number rpad rtrim second sequence sha256
    sign sin sinh slice split split_part sqrt starts_with stddev stddev_pop stddev_samp strpos substr substring sum
    tan tanh to_hex to_unixtime to_utf8 transform translate trim truncate try try_cast typeof unnest upper var_pop
    var_samp variance week week_of_year year year_of_week approx_distinct approx_percentile cast exists array
    """.split()  # noqa: SIM905 - people read it
)
MOMENT_LETTERS = {*"abcdefhHiIjklmMprsSTWyY%", "-m", "-d", "-H", "-I", "B", "A"}  # as MySQL and as sqlglot have them
JODA = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%g",
        "EEE": "%a", "EEEE": "%A", "MMM": "%b", "MMMM": "%B", "a": "%p", "hh": "%I", "DDD": "%j"}  # fmt: skip


def check_function(node: exp.Expression) -> None:
    """Refuse a call of a function that is not known here.

    Raises:
        QueryError: NOT_SUPPORTED naming the function.
    """
    name = called_name(node)
    if name and name not in PLAIN:
        raise unsupported(f"Function {name}")
    if isinstance(node, exp.AtTimeZone):
        raise unsupported("AT TIME ZONE")


def called_name(node: exp.Expression) -> str:
    """Return the name by which the query calls a function, lower-case; empty for what is no call."""
    return str(node.meta.get("called", ""))


def rewrite_call(node: exp.Expression) -> exp.Expression:
    """Return what a call is in DuckDB, itself where sqlglot's translation is right."""
    name = called_name(node)
    rule = RULES.get(name)
    return rule(node) if rule else node


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """Build a call that goes to DuckDB as it is."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _arguments(node: exp.Expression) -> list[exp.Expression]:
    if isinstance(node, exp.Anonymous):
        return list(node.expressions)
    found = []
    for key in node.arg_types:
        value = node.args.get(key)
        if isinstance(value, list):
            found.extend(value)
        elif isinstance(value, exp.Expression):
            found.append(value)
    return found


def _rename(name: str) -> Callable[[exp.Expression], exp.Expression]:
    return lambda node: call(name, *_arguments(node))


def _date_diff(node: exp.Expression) -> exp.Expression:
    """Count whole units, as Trino does; DuckDB's date_diff counts the boundaries crossed."""
    unit = exp.Literal.string(node.text("unit").lower() if node.args.get("unit") else "day")
    return call("date_sub", unit, node.expression, node.this)


def _approx_percentile(node: exp.Expression) -> exp.Expression:
    arguments = _arguments(node)
    if len(arguments) != 2:
        raise unsupported("approx_percentile with weights or accuracy")
    return call("quantile_disc", *arguments)


def _regexp_replace(node: exp.Expression) -> exp.Expression:
    text, pattern, *rest = (
        node.this,
        node.expression,
        *([node.args["replacement"]] if node.args.get("replacement") else []),
    )
    new = rest[0] if rest else exp.Literal.string("")
    if not isinstance(new, exp.Literal):
        raise unsupported("regexp_replace with a replacement that is not a literal")
    java = str(new.this).replace("\\", "\\\\")
    for group in range(10):
        java = java.replace(f"${group}", f"\\{group}")
    if "$" in java:
        raise unsupported("regexp_replace with named groups")
    return call("regexp_replace", text, pattern, exp.Literal.string(java), exp.Literal.string("g"))


def _regexp_extract(node: exp.Expression) -> exp.Expression:
    group = node.args.get("group")
    return call("athena_regexp_extract", node.this, node.expression, *([group] if group else []))


def _substring(node: exp.Expression) -> exp.Expression:
    length = node.args.get("length")
    return call("athena_substr", node.this, node.args["start"], *([length] if length else []))


def _format_datetime(node: exp.Expression) -> exp.Expression:
    moment, pattern = _arguments(node)
    if not isinstance(pattern, exp.Literal):
        raise unsupported("format_datetime with a pattern that is not a literal")

    def one(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1].replace("%", "%%") or "'"
        if match[2] is None:
            return match[0].replace("%", "%%")
        if match[0] not in JODA:
            raise unsupported(f"format_datetime with {match[0]!r}")
        return JODA[match[0]]

    text = re.sub(r"'([^']*)'|([A-Za-z])\2*|.", one, str(pattern.this), flags=re.S)
    return call("strftime", moment, exp.Literal.string(text))


def _map_agg(node: exp.Expression) -> exp.Expression:
    key, value = _arguments(node)
    return call("map", call("list", key), call("list", value))


def _extract(node: exp.Expression) -> exp.Expression:
    unit = str(node.this.name).upper()
    if unit in {"DOW", "DAY_OF_WEEK"}:
        return call("isodow", node.expression)
    return node


def _moment_format(node: exp.Expression) -> exp.Expression:
    """Keep date_format and date_parse, which sqlglot translates, where it knows every letter of the format."""
    pattern = node.args.get("format")
    if not isinstance(pattern, exp.Literal):
        raise unsupported(f"{called_name(node)} with a format that is not a literal")
    for letter in re.findall(r"%(-?.)", str(pattern.this)):
        if letter not in MOMENT_LETTERS:
            raise unsupported(f"{called_name(node)} with %{letter}")
    return node


def _from_unixtime(node: exp.Expression) -> exp.Expression:
    if len(_arguments(node)) != 1:
        raise unsupported("from_unixtime with a time zone")
    return node


def _json_scalar(node: exp.Expression) -> exp.Expression:
    """Give null, as Trino does, where the path leads to an object or an array."""
    path = node.expression.sql("duckdb") if isinstance(node.expression, exp.JSONPath) else ""
    if not path:
        raise unsupported("json_extract_scalar with a path that is not a literal")
    return call("athena_json_scalar", node.this, exp.Literal.string(path.strip("'")))


def _extreme_by(name: str) -> Callable[[exp.Expression], exp.Expression]:
    """Return max_by and min_by as DuckDB's that take a null value for what it is."""

    def rule(node: exp.Expression) -> exp.Expression:
        arguments = _arguments(node)
        if len(arguments) != 2:
            raise unsupported(f"{called_name(node)} with a count")
        return call(name, *arguments)

    return rule


def _slice(node: exp.Expression) -> exp.Expression:
    """Turn start and length into DuckDB's start and end."""
    array, start, length = _arguments(node)
    last = exp.Sub(this=exp.Add(this=start.copy(), expression=length), expression=exp.Literal.number(1))
    return call("list_slice", array, start, last)


RULES: dict[str, Callable[[exp.Expression], exp.Expression]] = {
    "date_format": _moment_format,
    "date_parse": _moment_format,
    "extract": _extract,
    "from_unixtime": _from_unixtime,
    "json_array_length": _rename("athena_json_length"),
    "json_extract_scalar": _json_scalar,
    "max_by": _extreme_by("arg_max_null"),
    "min_by": _extreme_by("arg_min_null"),
    "slice": _slice,
    "approx_distinct": lambda node: exp.Count(this=exp.Distinct(expressions=[node.this])),
    "approx_percentile": _approx_percentile,
    "date_diff": _date_diff,
    "regexp_replace": _regexp_replace,
    "regexp_extract": _regexp_extract,
    "substr": _substring,
    "substring": _substring,
    "format_datetime": _format_datetime,
    "every": _rename("bool_and"),
    "map_agg": _map_agg,
    "split_part": _rename("athena_split_part"),
    "from_iso8601_date": lambda node: exp.Cast(this=_arguments(node)[0], to=exp.DataType.build("date")),
    "day_of_year": _rename("dayofyear"),
    "doy": _rename("dayofyear"),
    "dow": _rename("isodow"),
    "day_of_month": _rename("day"),
    "last_day_of_month": _rename("last_day"),
    "year_of_week": _rename("isoyear"),
    "any_match": lambda node: call("list_bool_or", call("list_transform", *_arguments(node))),
    "all_match": lambda node: call("list_bool_and", call("list_transform", *_arguments(node))),
    "is_nan": _rename("isnan"),
    "is_finite": _rename("isfinite"),
    "is_infinite": _rename("isinf"),
    "nan": lambda _node: exp.Cast(this=exp.Literal.string("nan"), to=exp.DataType.build("double")),
    "infinity": lambda _node: exp.Cast(this=exp.Literal.string("inf"), to=exp.DataType.build("double")),
    "e": lambda _node: call("exp", exp.Literal.number("1")),
    "levenshtein_distance": _rename("levenshtein"),
    "millisecond": lambda node: exp.Mod(
        this=exp.paren(call("millisecond", *_arguments(node))), expression=exp.Literal.number(1000)
    ),
}


def misuse(message: str) -> QueryError:
    """Return the error of operands that do not go together."""
    return QueryError("TYPE_MISMATCH", message)
