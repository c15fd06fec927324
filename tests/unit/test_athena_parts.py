"""The pure parts of the local Athena: statements, names, projection, results."""

from datetime import datetime
from typing import Any

import pytest

from local.athena.catalog import Table
from local.athena.database import java_double, java_real
from local.athena.errors import QueryError, RequestError
from local.athena.executions import KEPT_RESULTS, Execution, History, Outcome
from local.athena.hive_parser import Reader
from local.athena.hive_types import parse_hive_type
from local.athena.operations import result_configuration
from local.athena.partition_values import check_values
from local.athena.projection import project
from local.athena.results import Column, Result, parse_csv, to_csv, to_metadata
from local.athena.sql.parse import parse_query
from local.athena.sql.resolve import Resolver, find_columns, injected_values, key_conditions
from local.athena.statements import classify


def table(keys: dict[str, str] | None = None, **parameters: str) -> Table:
    columns = {name: parse_hive_type(kind) for name, kind in {"id": "bigint", "name": "string"}.items()}
    typed = {name: parse_hive_type(kind) for name, kind in (keys or {}).items()}
    renamed = {name.replace("__", "."): value for name, value in parameters.items()}
    return Table("db", "t", columns, typed, "s3://b/t/", renamed, None, {})


class OneTable:
    """A catalog with one table of any name."""

    def __init__(self, found: Table) -> None:
        self.found = found

    def table(self, _database: str, _name: str, _place: str = "") -> Table:
        return self.found


def resolve(sql: str, found: Table) -> tuple[Any, Any]:
    resolver = Resolver(OneTable(found))  # type: ignore[arg-type]
    tree = resolver.resolve(parse_query(sql), "db")
    find_columns(tree, resolver.sources)
    return tree, resolver.sources


@pytest.mark.parametrize(
    ("sql", "verb", "kind", "extension"),
    [
        ("-- {json}\nselect 1;", "SELECT", "DML", ".csv"),
        ("/* a */ with a as (select 1) select * from a ; ;", "WITH", "DML", ".csv"),
        ('create table "db"."x" with (format=\'PARQUET\') as select 1 a', "CTAS", "DDL", ""),
        ("CREATE EXTERNAL TABLE x (a int) LOCATION 's3://b/'", "CREATE", "DDL", ".txt"),
        ("show tables", "SHOW", "UTILITY", ".txt"),
        ("insert into x select 1", "INSERT", "DML", ""),
        ("(select 1)", "(", "DML", ".csv"),
    ],
)
def test_statements(sql: str, verb: str, kind: str, extension: str) -> None:
    found = classify(sql)
    assert (found.verb, found.type, found.extension) == (verb, kind, extension)
    assert not found.text.endswith(";")


def test_what_is_no_statement_is_refused_with_its_place() -> None:
    with pytest.raises(RequestError, match=r"line 2:3: mismatched input 'selec'") as caught:
        classify("-- x\n  selec 1")
    assert caught.value.athena_code == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select ID from t", {"id"}),
        ("select count(*) from t", set()),
        ("select * from t", {"id", "name", "p"}),
        ("select id from (select * from t) x where p = 'a'", {"id", "p"}),
        ("with a as (select * from t) select name from a", {"name"}),
        ('select "$path" from t where Name is null', {"name"}),
    ],
)
def test_only_the_columns_that_a_query_reads_are_found(sql: str, columns: set[str]) -> None:
    _, (source,) = resolve(sql, table({"p": "string"}))
    assert source.columns == columns


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("select id from t where p = 'a' and id = 1", 1),
        ("select id from t where p in ('a', 'b') and p > 'a'", 2),
        ("select id from t where p = 'a' or id = 1", 0),
        ("select a.id from t a join t b on a.id = b.id where a.p = 'x'", 1),
        ("select a.id from t b left join t a on a.id = b.id where a.p is null", 0),
        ("select a.id from t b right join t a on a.id = b.id where b.p is null", 0),
        ("select id from t where p in (select name from t)", 0),
    ],
)
def test_partitions_are_pruned_only_where_no_row_can_change(sql: str, count: int) -> None:
    tree, sources = resolve(sql, table({"p": "string"}))
    aliased = [source for source in sources if source.alias in {"a", "t"}]
    assert len(key_conditions(tree, aliased[0])) == count


def test_injected_values_are_what_every_condition_allows() -> None:
    tree, (source,) = resolve("select id from t where p in ('a', 'b') and 'b' = p", table({"p": "string"}))
    assert injected_values(key_conditions(tree, source)) == {"p": ["b"]}


def test_projection_of_enum_integer_and_date() -> None:
    projected = table(
        {"r": "string", "n": "string", "d": "string"},
        projection__enabled="true",
        projection__r__type="enum",
        projection__r__values="eu,us",
        projection__n__type="integer",
        projection__n__range="8,10",
        projection__n__digits="2",
        projection__n__interval="2",
        projection__d__type="date",
        projection__d__format="yyyy/MM/dd",
        projection__d__range="NOW-1DAYS,NOW",
        storage__location__template="s3://b/x/${r}/${n}/${d}",
    )
    found = project(projected, {}, datetime(2026, 3, 1, 12))
    assert len(found) == 8
    assert found[0].values == ("eu", "08", "2026/02/28")
    assert found[-1].location == "s3://b/x/us/10/2026/03/01/"


def test_projection_injected_needs_a_value() -> None:
    injected = table({"p": "string"}, projection__enabled="true", projection__p__type="injected")
    assert [one.location for one in project(injected, {"p": ["x"]})] == ["s3://b/t/p=x/"]
    with pytest.raises(QueryError, match="CONSTRAINT_VIOLATION"):
        project(injected, {})


def test_projection_without_a_property_says_which() -> None:
    with pytest.raises(QueryError, match=r"projection\.p\.range"):
        project(table({"p": "int"}, projection__enabled="true", projection__p__type="integer"), {})


@pytest.mark.parametrize(("kind", "value", "right"), [
    ("int", "7", True), ("int", "x", False), ("date", "2026-01-01", True), ("date", "2026-1-1", False),
    ("string", "x", True), ("decimal(5,2)", "1.5", True), ("boolean", "yes", False),
    ("bigint", "__HIVE_DEFAULT_PARTITION__", True),
])  # fmt: skip
def test_partition_values_are_of_their_keys_type(kind: str, value: str, right: bool) -> None:
    found = table({"p": kind})
    if right:
        check_values(found, (value,))
        assert found.keys
    else:
        with pytest.raises(QueryError, match="HIVE_INVALID_PARTITION_VALUE"):
            check_values(found, (value,))


@pytest.mark.parametrize(("value", "text"), [
    (1.0, "1.0"), (2e10, "2.0E10"), (1234567.5, "1234567.5"), (1e7, "1.0E7"), (0.001, "0.001"), (0.00015, "1.5E-4"),
    (-0.0, "-0.0"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"), (1e22, "1.0E22"),
    (123456789.125, "1.23456789125E8"),
])  # fmt: skip
def test_doubles_read_as_java_writes_them(value: float, text: str) -> None:
    assert java_double(value) == text


def test_floats_have_their_own_shortest_digits() -> None:
    assert java_real(0.10000000149011612) == "0.1"
    assert java_real(16777216.0) == "1.6777216E7"


def test_csv_quotes_all_but_null_and_reads_back() -> None:
    rows: list[list[str | None]] = [["a", None, 'q"x,\ny'], ["", "z", "é"]]
    result = Result(
        [Column("a", "varchar"), Column("b", "varchar"), Column("c", "varchar")], list(rows), has_header=True
    )
    text = to_csv(result).decode()
    assert text == '"a","b","c"\n"a",,"q""x,\ny"\n"","z","é"\n'
    assert parse_csv(text) == rows


def test_metadata_names_each_column() -> None:
    raw = to_metadata(Result([Column("amount", "decimal", 18, 2)], []), "id")
    assert b"amount" in raw
    assert b"decimal" in raw


def test_reader_of_hive_names_types_and_properties() -> None:
    reader = Reader("`My.Db`.t (a array<struct<x:decimal(5, 2)>> COMMENT 'it''s', `b` int) ('k'='v', 'n' = 1)")
    assert reader.dotted() == ["my.db", "t"]
    assert reader.columns() == [
        {"Name": "a", "Type": "array<struct<x:decimal(5,2)>>", "Comment": "it's"},
        {"Name": "b", "Type": "int"},
    ]
    assert reader.properties() == {"k": "v", "n": "1"}
    assert reader.at_end


def test_workgroup_settings_hold_where_they_are_enforced() -> None:
    group = {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": {"OutputLocation": "s3://own/"}}
    client = {"OutputLocation": "s3://client/"}
    assert result_configuration(group, client)["OutputLocation"] == "s3://own/"
    assert result_configuration({**group, "EnforceWorkGroupConfiguration": False}, client) == client
    with pytest.raises(RequestError, match="No output location provided"):
        result_configuration({}, {})


def execution(**changes: Any) -> Execution:
    made = {
        "sql": "select 1", "work_group": "w", "context": {}, "configuration": {}, "output": "s3://b/x.csv",
        "statement_type": "DML", "substatement_type": "SELECT", "parameters": [], "id": "1",
    }  # fmt: skip
    return Execution(**{**made, **changes})


def test_a_stopped_query_stays_cancelled_whatever_its_thread_does() -> None:
    one = execution()

    def work(running: Execution) -> Outcome:
        running.stop()
        return Outcome(Result([], []))

    one.run(work)
    assert (one.state, one.outcome is not None) == ("CANCELLED", True)
    assert one.describe()["Status"]["StateChangeReason"] == "Query cancelled by user"


def test_a_failed_query_tells_why() -> None:
    def work(_running: Execution) -> Outcome:
        raise QueryError("TABLE_NOT_FOUND", "line 1:1: no")

    one = execution()
    one.run(work)
    assert one.state == "FAILED"
    assert one.describe()["Status"]["AthenaError"]["ErrorMessage"] == "TABLE_NOT_FOUND: line 1:1: no"


def test_the_same_token_gives_the_same_execution() -> None:
    history = History()
    first = history.add(execution(id="1"), "token")
    assert history.add(execution(id="2"), "token") is first
    with pytest.raises(RequestError, match="Idempotent"):
        history.add(execution(id="3", sql="select 2"), "token")
    assert history.ids("w") == ["1"]


def test_old_results_leave_memory_but_not_the_hands_of_a_reader() -> None:
    history = History()
    first = history.add(execution(id="0"), None)
    held = Result([], [["x"]], has_header=True)
    first.outcome = Outcome(held)
    for index in range(1, KEPT_RESULTS + 3):
        history.add(execution(id=str(index), outcome=Outcome(Result([], [], has_header=True))), None)
    assert (first.outcome.result.forgotten, held.rows) == (True, [["x"]])
