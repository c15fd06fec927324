"""Trino's meaning of SQL, where DuckDB's is another: expressions without tables, through the whole of a query."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from local.athena.catalog import Catalog
from local.athena.errors import QueryError, RequestError
from local.athena.plan import EmbeddedEngine
from local.athena.query import Session
from local.athena.results import Result, render


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    with closing(engine.cache):
        yield engine


@pytest.fixture
def session(engine: EmbeddedEngine) -> Iterator[Session]:
    with closing(engine.connect()) as connection:
        yield Session(engine, Catalog(None), None, connection, "db", lambda: None)


def ask(session: Session, sql: str, *parameters: str) -> Result:
    answer = session.answer(sql, list(parameters))
    return render(answer.names, answer.types, answer.data)


@pytest.mark.parametrize(
    ("expression", "text", "kind"),
    [
        ("7/2", "3", "integer"),
        ("-7/2", "-3", "integer"),
        ("7/2.0", "3.5", "decimal"),
        ("cast(1 as decimal(5,2))/3", "0.33", "decimal"),
        ("cast(2 as decimal(5,2))/3", "0.67", "decimal"),
        ("-2.00/3", "-0.67", "decimal"),
        ("2.00/3.000", "0.667", "decimal"),
        ("1e0/0", "Infinity", "double"),
        ("-5 % 3", "-2", "integer"),
        ("decimal '1.10'", "1.10", "decimal"),
        ("decimal '0.0000000001'", "0.0000000001", "decimal"),
        ("cast(0 as decimal(38,10))", "0.0000000000", "decimal"),
        ("cast('1.10' as decimal)", "1", "decimal"),
        ("round(2.345, 2)", "2.350", "decimal"),
        ("cast(2.5e0 as integer)", "3", "integer"),
        ("cast(2e10 as varchar)", "2.0E10", "varchar"),
        ("cast('abc' as varchar(2))", "ab", "varchar"),
        ("cast(timestamp '2026-01-01 10:00:00' as varchar)", "2026-01-01 10:00:00.000", "varchar"),
        ("try_cast('x' as integer)", None, "integer"),
        ("try_cast('1.9' as integer)", None, "integer"),
        ("date_diff('month', date '2026-01-30', date '2026-02-27')", "0", "bigint"),
        ("date_diff('day', timestamp '2026-01-01 23:00:00', timestamp '2026-01-02 01:00:00')", "0", "bigint"),
        ("date_add('day', 1, date '2026-01-31')", "2026-02-01", "date"),
        ("date '2026-01-31' + interval '1' month", "2026-02-28", "date"),
        ("date_trunc('month', date '2026-02-03')", "2026-02-01", "date"),
        ("date_trunc('hour', timestamp '2026-02-03 04:05:06')", "2026-02-03 04:00:00.000", "timestamp"),
        ("extract(dow from date '2026-11-22')", "7", "bigint"),
        ("day_of_week(date '2026-11-22')", "7", "bigint"),
        ("date_format(timestamp '2026-01-02 03:04:05', '%Y-%m-%d %H:%i:%s')", "2026-01-02 03:04:05", "varchar"),
        ("date_parse('2026-01-02', '%Y-%m-%d')", "2026-01-02 00:00:00.000", "timestamp"),
        ("format_datetime(timestamp '2026-01-02 03:04:05', 'yyyy-MM-dd''T''HH:mm')", "2026-01-02T03:04", "varchar"),
        (
            "from_iso8601_timestamp('2026-01-01T01:00:00+01:00')",
            "2026-01-01 00:00:00.000 UTC",
            "timestamp with time zone",
        ),
        ("regexp_extract('abc', 'z')", None, "varchar"),
        ("regexp_extract('abc', '(a)(b)', 2)", "b", "varchar"),
        ("regexp_replace('abcb', '(b)', '[$1]')", "a[b]c[b]", "varchar"),
        ("substr('abc', 0)", "", "varchar"),
        ("substr('abc', -2)", "bc", "varchar"),
        ("split_part('a,b', ',', 5)", None, "varchar"),
        ("slice(array[1,2,3], 2, 2)", "[2, 3]", "array"),
        ("element_at(array[1,2], 5)", None, "integer"),
        ("element_at(map(array['k'], array[1]), 'k')", "1", "integer"),
        ("transform(array[1,2], x -> x + 1)", "[2, 3]", "array"),
        ("reduce(array[1,2], 0, (s, x) -> s + x, s -> s)", "3", "integer"),
        ("cast(row(1, 'x') as row(a integer, b varchar))", "{a=1, b=x}", "row"),
        ("map(array['k'], array[1.5])", "{k=1.5}", "map"),
        ("x'6566'", "65 66", "varbinary"),
        ("""json_extract_scalar('{"a":{"b":"c"}}', '$.a.b')""", "c", "varchar"),
        ("""json_extract('{"a":[1]}', '$.a')""", "[1]", "json"),
        ("typeof(1.50)", "decimal(3,2)", "varchar"),
        ("""json_extract_scalar('{"a":{"b":1}}', '$.a')""", None, "varchar"),
        ("json_array_length('[1,2]')", "2", "bigint"),
        ("case when 1 = 2 then 'a' end", None, "varchar"),
        ("sequence(date '2026-01-01', date '2026-01-02', interval '1' day)", "[2026-01-01, 2026-01-02]", "array"),
        ("cast(null as date)", None, "date"),
        ("if(1 > 2, 'a', 'b')", "b", "varchar"),
        ("greatest(1, null)", None, "integer"),
    ],
)
def test_expressions(session: Session, expression: str, text: str | None, kind: str) -> None:
    result = ask(session, f"SELECT {expression} AS v")
    assert (result.rows, result.columns[0].type) == ([[text]], kind)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select avg(x) from (values 1.10, 20.05) t(x)", [["10.58"]]),
        ("select sum(x) / count(*) from (values 1.10, 20.06) t(x)", [["10.58"]]),
        ("select sum(x) over () from (values 1, 2) t(x) limit 1", [["3"]]),
        ("select avg(x) from (values 1, 2) t(x)", [["1.5"]]),
        ("select approx_distinct(x) from (values 1, 1, 2) t(x)", [["2"]]),
        ("select max_by(a, b) from (values (null, 2), (1, 1)) t(a, b)", [[None]]),
        ("with a as (select 1 as x) select x from a union all select 2 order by 1", [["1"], ["2"]]),
        ("select x from (values 2, null, 1) t(x) order by x desc", [["2"], ["1"], [None]]),
        ("select z from (values array[1, 2]) t(a) cross join unnest(a) as u(z) order by z", [["1"], ["2"]]),
        ("with a as (select 1 as x), b as (select x + 1 as y from a) select y / 2 from b", [["1"]]),
        ("select x from (values 1, 2, 3) t(x) order by x offset 1 limit 1", [["2"]]),
        ("select (select max(y) / 2 from (values 3) u(y) where y > x) from (values 1) t(x)", [["1"]]),
    ],
)
def test_queries(session: Session, sql: str, rows: list[list[str | None]]) -> None:
    assert ask(session, sql).rows == rows


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "select x from (values 1) t(x) where x = '1'",
            "TYPE_MISMATCH: line 1:37: Cannot apply operator: integer = varchar",
        ),
        ("select 'a' || 1", "TYPE_MISMATCH"),
        ("select case when true then 1 else 'x' end", "TYPE_MISMATCH"),
        ("select 1 union all select 'x'", "TYPE_MISMATCH"),
        ("select date_format(now(), '%v')", "NOT_SUPPORTED: date_format with %v"),
        ("select now() at time zone 'UTC'", "NOT_SUPPORTED: AT TIME ZONE"),
        ("select from_unixtime(0, 'UTC')", "NOT_SUPPORTED: from_unixtime"),
        ("select interval '2' day", "NOT_SUPPORTED: A result of type interval"),
        ("select lower(5)", "FUNCTION_NOT_FOUND"),
        ("select nope(1)", "NOT_SUPPORTED: Function nope"),
        ("select list_transform(array[1], x -> x)", "NOT_SUPPORTED: Function list_transform"),
        ("select nope", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("select cast('x' as integer)", "INVALID_CAST_ARGUMENT"),
        ("select 1/0", "DIVISION_BY_ZERO"),
        ("select * from unnest(map(array['k'], array[1])) as t(a, b)", "NOT_SUPPORTED: UNNEST of"),
        ("select date '2026-01-02' - date '2026-01-01'", "NOT_SUPPORTED"),
        ("select * from read_csv('/etc/hostname')", "NOT_SUPPORTED"),
        ("select 1 where 1 = ?", "INVALID_PARAMETER_USAGE"),
        ("select regexp_replace('a', 'a', x) from (values 'b') t(x)", "NOT_SUPPORTED: regexp_replace"),
    ],
)
def test_what_cannot_be_answered_says_so(session: Session, sql: str, reason: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(session, sql)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("sql", ["select from where", "select 1; select 2", "create table x", "select (1"])
def test_what_is_no_query_is_refused(session: Session, sql: str) -> None:
    with pytest.raises(RequestError) as caught:
        ask(session, sql)
    assert caught.value.athena_code == "MALFORMED_QUERY"


def test_parameters_take_the_place_of_marks_in_order(session: Session) -> None:
    assert ask(session, "select ? as a, ? as b", "1", "'x''y'").rows == [["1", "x'y"]]


def test_columns_without_a_name_are_numbered(session: Session) -> None:
    result = ask(session, 'select 1, 2 as "B b", 3')
    assert [column.name for column in result.columns] == ["_col0", "B b", "_col2"]


def test_precision_and_scale_are_told(session: Session) -> None:
    (column,) = ask(session, "select cast(1 as decimal(18,4)) as d").columns
    assert (column.type, column.precision, column.scale) == ("decimal", 18, 4)
