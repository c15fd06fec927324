"""The two engines, asked in the same words: the local Athena by its API, Trino by its own protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from local.athena.catalog import Catalog
from local.athena.errors import QueryError, RequestError
from local.athena.query import Session
from local.athena.results import render
from local.lake import Lake
from local.lake import QueryError as Refusal
from local.server import ACCESS_KEY, REGION, SECRET_KEY, Server
from local.trino.engine import TrinoEngine
from tests.judge.questions import Question, in_order


@dataclass(frozen=True)
class Answer:
    """An engine's answer: rows, sorted, or why there are none."""

    rows: list[tuple[str | None, ...]] | None
    reason: str = ""


Ask = Callable[[str], Answer]


def ask_athena(lake: Lake) -> Ask:
    """Return how to ask the Athena API of a deployed stack or of a workgroup."""

    def ask(sql: str) -> Answer:
        try:
            return Answer(in_order(lake.ask(sql).rows))
        except Refusal as error:
            return Answer(None, str(error))

    return ask


def ask_trino(url: str, database: str) -> Ask:
    """Return how to ask Trino; its values are written as the local Athena writes its own."""
    engine = TrinoEngine(url)

    def ask(sql: str) -> Answer:
        session = Session(engine, Catalog(None), None, engine.connect(), database, lambda: None)
        try:
            answer = session.answer(sql)
        except (QueryError, RequestError) as error:
            return Answer(None, str(error))
        result = render(answer.names, answer.types, answer.data)
        return Answer(in_order([tuple(row) for row in result.rows]))

    return ask


def make_work_group(server: Server, name: str, results: str) -> None:
    """Make a workgroup whose results go to an address in S3, unless it is there."""
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    athena: Any = session.client("athena", endpoint_url=server.endpoint_url)
    if all(group["Name"] != name for group in athena.list_work_groups()["WorkGroups"]):
        athena.create_work_group(Name=name, Configuration={"ResultConfiguration": {"OutputLocation": results}})


def verdict(select: Question, more: list[Question], ask: Ask, *, strict: bool = False) -> tuple[str, list[str]]:
    """Ask an engine about a table; return the verdict and what was wrong, in words.

    Args:
        select: the question whose failure alone decides.
        more: those that are asked where it is answered.
        ask: the engine.
        strict: ask them where it fails, too: a wrong answer then makes it `L`.

    Returns:
        One of `tests.athena_matrix.MEANING`.
    """
    answer = ask(select.sql)
    if answer.rows is None:
        told = [(one, ask(one.sql).rows) for one in more if strict]
        silent = [f"{one.sql}: {rows}, not {one.rows}" for one, rows in told if rows is not None and rows != one.rows]
        return ("L" if silent else "E"), [f"{select.sql}: {answer.reason}", *silent]
    if answer.rows != select.rows:
        return "X", [f"{select.sql}: {answer.rows}, not {select.rows}"]
    wrong, failed = [], []
    for question in more:
        answer = ask(question.sql)
        if answer.rows is None:
            failed.append(f"{question.sql}: {answer.reason}")
        elif question.rows is not None and answer.rows != question.rows:
            wrong.append(f"{question.sql}: {answer.rows}, not {question.rows}")
    return ("L" if wrong else "w" if failed else "ok"), wrong + failed
