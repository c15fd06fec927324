"""The parts of the Trino engine that need no Trino: where Java is, what types and values become, how errors read."""

import math
from pathlib import Path
from typing import Any

import pytest

from local.athena.catalog import Catalog
from local.athena.errors import QueryError, RequestError
from local.athena.query import Session
from local.athena.results import render
from local.tools import ToolError
from local.trino import java
from local.trino.client import Rows, TrinoError
from local.trino.engine import TrinoEngine
from local.trino.install import trino_version


def make_jdk(folder: Path, version: str, *programs: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    for program in programs:
        (folder / "bin" / program).touch()
    return folder


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Java, whose common folder for it is `jvm`."""
    for name in ("JAVA_HOME", "JAVA_HOME_25", "JAVA_HOME_25_X64"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(java, "FOLDERS", (str(tmp_path / "jvm"),))
    return tmp_path


def test_java_is_found_where_it_is_named_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = make_jdk(bare / "elsewhere", "25.0.1", "javac")
    in_folder = make_jdk(bare / "jvm" / "jdk-26", "26", "javac")
    assert java.find_java() == in_folder
    monkeypatch.setenv("JAVA_HOME", str(make_jdk(bare / "old", "17.0.2", "javac")))
    assert java.find_java() == in_folder
    monkeypatch.setenv("JAVA_HOME_25", str(elsewhere))
    assert java.find_java() == elsewhere


def test_without_java_it_says_what_was_found(bare: Path) -> None:
    with pytest.raises(ToolError, match=r"JDK of version 25 or later. Found: none"):
        java.find_java()
    make_jdk(bare / "jvm" / "java-8", "1.8.0_402", "javac")
    make_jdk(bare / "jvm" / "jre-25", "25.0.1")
    with pytest.raises(ToolError, match=r"jre-25 \(version 25\), .*java-8 \(version 8\)"):
        java.find_java()


def test_without_maven_it_says_so(bare: Path) -> None:
    with pytest.raises(ToolError, match=r"Maven \(mvn\) is not on PATH"):
        java.find_maven()


def test_the_version_is_pinned() -> None:
    assert trino_version() == "483"


def of(raw: str, *arguments: Any) -> dict[str, Any]:
    return {"rawType": raw, "arguments": [{"kind": "X", "value": argument} for argument in arguments]}


def named(name: str | None, signature: dict[str, Any]) -> dict[str, Any]:
    return {"fieldName": {"name": name} if name else None, "typeSignature": signature}


class Said:
    """A connection that gives one answer and keeps what it was asked."""

    def __init__(self, said: Rows | TrinoError) -> None:
        self.said = said
        self.asked: list[tuple[str, str]] = []

    def run(self, sql: str, schema: str = "") -> Rows:
        self.asked.append((sql, schema))
        if isinstance(self.said, TrinoError):
            raise self.said
        return self.said


def session_on(connection: Said, cutoff_bytes: int = 0) -> Session:
    return Session(TrinoEngine("http://x"), Catalog(None), None, connection, "DB", lambda: None, cutoff_bytes)


@pytest.mark.parametrize(
    ("signature", "value", "text", "kind"),
    [
        (of("boolean"), True, "true", "boolean"),
        (of("integer"), -7, "-7", "integer"),
        (of("bigint"), 2**63 - 1, "9223372036854775807", "bigint"),
        (of("double"), "NaN", "NaN", "double"),
        (of("double"), 2e10, "2.0E10", "double"),
        (of("real"), 0.1, "0.1", "float"),
        (of("decimal", 38, 2), "-0.10", "-0.10", "decimal"),
        (of("varchar", 2147483647), 'a"\n', 'a"\n', "varchar"),
        (of("char", 3), "a  ", "a  ", "varchar"),
        (of("varbinary"), "AP8=", "00 ff", "varbinary"),
        (of("date"), "1969-12-31", "1969-12-31", "date"),
        (of("timestamp"), "2026-01-02 03:04:05.006", "2026-01-02 03:04:05.006", "timestamp"),
        (
            of("timestamp with time zone"),
            "2026-01-02 03:04:05.006 Europe/Paris",
            "2026-01-02 03:04:05.006 Europe/Paris",
            "timestamp with time zone",
        ),
        (of("time"), "01:02:03.000", "01:02:03.000", "time"),
        (of("interval day to second"), "1 00:00:00.000", "1 00:00:00.000", "varchar"),
        (of("array", of("bigint")), [1, None], "[1, null]", "array"),
        (of("map", of("bigint"), of("varchar")), {"1": "a"}, "{1=a}", "map"),
        (of("map", of("boolean"), of("bigint")), {"false": 1}, "{false=1}", "map"),
        (of("row", named("a", of("bigint")), named(None, of("real"))), [1, 0.5], "{a=1, field1=0.5}", "row"),
        (of("unknown"), None, None, "unknown"),
    ],
)  # fmt: skip
def test_values_are_written_as_athena_writes_them(
    signature: dict[str, Any], value: Any, text: str | None, kind: str
) -> None:
    session = session_on(Said(Rows([("c", signature)], [[value], [None]], 11)))
    answer = session.answer("SELECT c FROM t")
    result = render(answer.names, answer.types, answer.data)
    assert (result.rows, result.columns[0].type, answer.scanned_bytes) == ([[text], [None]], kind, 11)


def test_digits_of_decimals_are_told() -> None:
    answer = session_on(Said(Rows([("c", of("decimal", 20, 4))], []))).answer("SELECT c FROM t")
    (column,) = render(answer.names, answer.types, answer.data).columns
    assert (column.precision, column.scale) == (20, 4)


def test_names_may_repeat() -> None:
    answer = session_on(Said(Rows([("a", of("bigint")), ("a", of("double"))], [[1, 0.5]]))).answer("SELECT 1 a, 5e-1 a")
    assert render(answer.names, answer.types, answer.data).rows == [["1", "0.5"]]
    assert math.isclose(answer.data.column(1)[0].as_py(), 0.5)


def test_parameters_go_with_the_text() -> None:
    connection = Said(Rows([("c", of("bigint"))], []))
    session_on(connection).answer("SELECT ? FROM t WHERE x = 'y'", ["1", "'z'"])
    assert connection.asked == [("EXECUTE IMMEDIATE 'SELECT ? FROM t WHERE x = ''y''' USING 1, 'z'", "db")]


def test_a_query_that_reads_too_much_is_stopped() -> None:
    with pytest.raises(QueryError, match="Bytes scanned limit was exceeded"):
        session_on(Said(Rows([("c", of("bigint"))], [], 11)), cutoff_bytes=10).answer("SELECT c FROM t")


def test_errors_keep_their_names() -> None:
    failing = Said(TrinoError("TABLE_NOT_FOUND", "line 1:15: Table 'x' does not exist"))
    with pytest.raises(QueryError, match="TABLE_NOT_FOUND: line 1:15: Table 'x' does not exist"):
        session_on(failing).answer("SELECT * FROM x")


def test_grammar_is_refused_with_the_place_in_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TrinoEngine("http://x")
    said = Said(TrinoError("SYNTAX_ERROR", "line 3:8: mismatched input 'FORM'"))
    monkeypatch.setattr(engine, "connect", lambda: said)
    with pytest.raises(RequestError, match="line 2:8: mismatched input 'FORM'") as caught:
        engine.check("SELECT 1,\nx FORM y")
    assert caught.value.athena_code == "MALFORMED_QUERY"
    assert said.asked == [("PREPARE checked FROM\nSELECT 1,\nx FORM y", "")]
