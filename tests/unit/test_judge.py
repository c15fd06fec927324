"""The judge of `make judge` judged: it finds what is wrong in an engine's answers, and its scenarios are sound."""

import sys
from collections.abc import Callable

import pytest

from local.tools import ToolError
from tests.judge import run
from tests.judge.cells import convert, partition_cells, stored_cells
from tests.judge.changes import CHANGES, steps, type_changes
from tests.judge.engines import Answer, verdict
from tests.judge.pipeline import Watched, ask_all, same
from tests.judge.questions import Question, literal, one_by_one, predicates, select_all, write
from tests.judge.scenario import Scenario
from tests.judge.shapes import shapes

IDS, VALUES = [0, 1, 2], [5, None, -7]
SELECT = select_all("t", ["id", "c"], {"id": IDS, "c": VALUES})
MORE = list(one_by_one("t", "c", "bigint", IDS, VALUES))


def says(answers: dict[str, Answer]) -> Callable[[str], Answer]:
    """An engine that is right but where it is told otherwise."""
    right = {question.sql: Answer(question.rows) for question in [SELECT, *MORE]}
    return lambda sql: (right | answers)[sql]


def test_questions_have_their_answers() -> None:
    assert Question('SELECT "id", "c" FROM "t"', [("0", "5"), ("1", None), ("2", "-7")]) == SELECT
    told = {question.sql.split("WHERE ")[1]: [row[0] for row in question.rows or []] for question in MORE}
    assert told == {
        '"c" = 5': ["0"],
        '"c" < -7': [],
        '"c" IN (5, -7)': ["0", "2"],
        '"c" BETWEEN -7 AND 5': ["0", "2"],
        '"c" = 9999999999999': [],
        '"c" IS NULL': ["1"],
        '"c" IS NOT NULL': ["0", "2"],
    }


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, "ok"),
        ({SELECT.sql: Answer(None, "no")}, "E"),
        ({SELECT.sql: Answer([("0", "5")])}, "X"),
        ({MORE[0].sql: Answer(None, "no")}, "w"),
        ({MORE[0].sql: Answer([])}, "L"),
        ({MORE[0].sql: Answer([]), MORE[1].sql: Answer(None, "no")}, "L"),
    ],
)
def test_verdicts(answers: dict[str, Answer], expected: str) -> None:
    found, wrong = verdict(SELECT, MORE, says(answers))
    assert found == expected
    assert bool(wrong) == (expected != "ok")


def test_where_all_must_fail_a_wrong_answer_is_found() -> None:
    failing = {question.sql: Answer(None, "no") for question in [SELECT, *MORE]}
    assert verdict(SELECT, MORE, says(failing), strict=True)[0] == "E"
    assert verdict(SELECT, MORE, says({SELECT.sql: Answer(None, "no")}), strict=True)[0] == "E"
    assert verdict(SELECT, MORE, says(failing | {MORE[0].sql: Answer([])}), strict=True)[0] == "L"


@pytest.mark.parametrize(
    ("value", "kind", "sql", "text"),
    [
        ("it's", "string", "'it''s'", "it's"),
        (True, "boolean", "TRUE", "true"),
        (convert(5, "decimal(18,2)"), "decimal(18,2)", "CAST('5.00' AS decimal(18,2))", "5.00"),
        (0.5, "double", "DOUBLE '0.5'", "0.5"),
        (None, "string", "None", None),
    ],
)
def test_values_are_written(value: object, kind: str, sql: str, text: str | None) -> None:
    assert (literal(value, kind), write(value)) == (sql, text)


def test_every_scenario_is_whole_and_has_a_table_of_its_own() -> None:
    found = [*stored_cells(), *partition_cells(), *type_changes(), *shapes()]
    assert len({one.table for one in found}) == len(found)
    for one in found:
        check(one)


def check(scenario: Scenario) -> None:
    asked = scenario.asked or tuple(scenario.columns)
    assert {"id", *asked} <= scenario.truth.keys()
    rows = sum(file.rows.num_rows for file in scenario.files)
    assert {len(scenario.truth[name] or ["?"] * rows) for name in asked} == {rows}
    assert all(len(file.partition) == len(scenario.keys) for file in scenario.files)
    for name in asked:
        assert list(predicates({**scenario.columns, **scenario.keys}[name], []))


@pytest.mark.parametrize(("old", "new"), CHANGES)
@pytest.mark.parametrize("partitioned", [False, True])
def test_a_change_begins_and_ends_settled(old: str, new: str, partitioned: bool) -> None:
    first, *_, last = steps(old, new, partitioned=partitioned)
    assert (first.is_settled, last.is_settled) == (True, True)
    assert (first.shown, last.shown) == (old, new)


def answering(rows: list[tuple[str | None, ...]]) -> Callable[[str], Answer]:
    """An engine that answers SELECT, and fails where there is a WHERE."""
    return lambda sql: Answer(None if "WHERE" in sql else rows)


def test_a_row_that_is_lost_or_made_up_meanwhile_is_found() -> None:
    before, after = {"1": "1", "2": None}, {"1": "1", "2": None, "3": "1.5"}
    rows: dict[str, list[tuple[str | None, ...]]] = {
        "right": [("1", "1.00"), ("2", None)],
        "lost": [("1", "1.00")],
        "made up": [("1", "1.00"), ("2", None), ("4", "1")],
        "changed": [("1", "1.01"), ("2", None)],
        "doubled": [("1", "1.00"), ("1", "1.00"), ("2", None)],
    }
    for name, answer in rows.items():
        watched = Watched("x", "y")
        ask_all(answering(answer), "t", "string", before, after, watched)
        assert watched.counts["failed"] == 2
        assert watched.counts["right" if name == "right" else "wrong"] == 1, name
        assert bool(watched.wrong) == (name != "right")
    assert same("2026-01-02 00:00:00.000", "2026-01-02")
    assert not same("NA", None)


def test_without_java_the_judge_is_not_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_arguments: object) -> None:
        raise ToolError("Trino needs a JDK")

    monkeypatch.setattr(run, "ensure_trino", missing)
    monkeypatch.setattr(sys, "argv", ["judge"])
    assert run.main() == 1
    assert "error: Trino needs a JDK" in capsys.readouterr().err
