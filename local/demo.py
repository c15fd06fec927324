"""Show the main job: CSVs in, answers out; an upload replaced, an upload deleted. Judge the answers, too."""

import csv
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.lake import Answer, Lake, QueryError
from local.screen import Screen

DATA = Path(__file__).with_name("demo_data")
PREFIX = "csv-files/demo_"
LIMIT_S = 60.0
FEBRUARY = "orders/month=2026-02/shop-7.csv"

Rows = list[tuple[str | None, ...]]


class WrongAnswerError(RuntimeError):
    """Athena's answer is not what the CSVs hold, or did not come in time."""


@dataclass(frozen=True)
class Question:
    """A query, what it shows, and what the CSVs say that its answer is."""

    title: str
    sql: str
    answer: Rows


QUESTIONS = [
    Question(
        "Leading zeros, exact cents, Namibia's code, a missing number and a quoted line break are what they were:",
        "SELECT order_id, ordered_at, country, quantity, amount, note\n"
        "FROM demo_orders WHERE month = '2026-01' ORDER BY order_id",
        [
            ("00417", "2026-01-03", "NA", "2", "12.50", "Leave it at the gate,\nring twice"),
            ("00501", "2026-01-09", "DE", None, "1049.00", None),
            ("00733", "2026-01-17", "US", "1", "0.10", '6" shelf'),
            ("01002", "2026-01-30", "NA", "12", "7.25", "N/A"),
        ],
    ),
    Question(
        "Two tables joined, money summed exactly over all months:",
        "SELECT c.name, c.m49, count(*) AS orders, sum(o.amount) AS total\n"
        "FROM demo_orders o JOIN demo_countries c ON c.alpha_2 = o.country\n"
        "GROUP BY c.name, c.m49 ORDER BY total DESC",
        [
            ("Germany", "276", "1", "1049.00"),
            ("US", "840", "2", "250.10"),
            ("France", "250", "1", "19.99"),
            ("Namibia", "516", "3", "19.95"),
        ],
    ),
    Question(
        "Folders named season=… are partitions:",
        "SELECT season, count(*) AS matches, count(DISTINCT team_1) AS teams\n"
        "FROM demo_matches WHERE season >= '2019' GROUP BY season ORDER BY season",
        [("2019-20", "380", "20"), ("2020-21", "380", "20")],
    ),
]
BY_MONTH = "SELECT month, count(*) AS orders, sum(amount) AS total FROM demo_orders GROUP BY month ORDER BY month"
JANUARY_ROW = ("2026-01", "4", "1068.85")


def show(lake: Lake, screen: Screen) -> None:
    """Run the whole demo on a deployed stack.

    Raises:
        WrongAnswerError: a row is not what it should be; the message shows both.
    """
    _remove_earlier_files(lake, screen)
    _upload_all(lake, screen)
    for question in QUESTIONS:
        screen.line()
        screen.line(question.title, style="bold")
        screen.line(question.sql, style="cyan")
        _judge(lake.ask(question.sql), question.answer, screen)
    _replace_and_delete(lake, screen)


def _upload_all(lake: Lake, screen: Screen) -> None:
    files = sorted(path for path in DATA.glob("*/**/*.csv"))
    screen.line()
    screen.line(f"Uploading {len(files)} CSVs with PutObject, and asking Athena until it has their rows:", style="bold")
    took: list[tuple[str, float]] = []
    rows_of: dict[str, int] = {}
    for path in files:
        name = path.relative_to(DATA).as_posix()
        table = name.split("/")[0]
        rows_of[table] = rows_of.get(table, 0) + _count_records(path)
        screen.step(name)
        began = time.monotonic()
        lake.put(PREFIX + name, path.read_bytes())
        _wait(lambda table=table: _count(lake, table) == rows_of[table], f"the rows of {name}")  # type: ignore[misc]
        took.append((name, time.monotonic() - began))
    screen.table(["file", "put → queryable"], [(name, f"{seconds:.2f} s") for name, seconds in took])
    first, *rest = (seconds for _, seconds in took)
    screen.line(
        f"Put → queryable: p50 {statistics.median(rest):.2f} s warm; "
        f"{first:.2f} s for the first file, which found no function running (a cold start, as on Lambda)."
    )


def _replace_and_delete(lake: Lake, screen: Screen) -> None:
    screen.line()
    screen.line("Uploading the orders of February again, with two rows for three:", style="bold")
    began = time.monotonic()
    lake.put(PREFIX + FEBRUARY, (DATA / "february-again.csv").read_bytes())
    expected: Rows = [JANUARY_ROW, ("2026-02", "2", "276.65")]
    _wait(lambda: lake.ask(BY_MONTH).rows == expected, "the new rows of February")
    screen.line(f"{BY_MONTH}  ({time.monotonic() - began:.2f} s after the upload)", style="cyan")
    _judge(lake.ask(BY_MONTH), expected, screen)

    screen.line()
    screen.line("Deleting that file:", style="bold")
    began = time.monotonic()
    lake.delete(PREFIX + FEBRUARY)
    _wait(lambda: lake.ask(BY_MONTH).rows == [JANUARY_ROW], "February to be gone")
    screen.line(f"{BY_MONTH}  ({time.monotonic() - began:.2f} s after the deletion)", style="cyan")
    _judge(lake.ask(BY_MONTH), [JANUARY_ROW], screen)


def _remove_earlier_files(lake: Lake, screen: Screen) -> None:
    """On a stack that ran before, take away what an earlier demo left, so that the times are true."""
    keys = list(lake.list(PREFIX))
    if keys:
        screen.step("removing the files of an earlier demo")
        for key in keys:
            lake.delete(key)
        tables = {key.removeprefix(PREFIX).split("/")[0] for key in keys}
        _wait(lambda: all(_count(lake, table) == 0 for table in tables), "the earlier rows to be gone")


def _judge(answer: Answer, expected: Rows, screen: Screen) -> None:
    screen.table(answer.columns, answer.rows)
    if answer.rows != expected:
        raise WrongAnswerError(f"expected {expected}, and Athena said {answer.rows}")


def _count(lake: Lake, table: str) -> int | None:
    """Count a table's rows; None while it cannot be asked, as before its first file."""
    try:
        return int(lake.ask(f"SELECT count(*) FROM demo_{table}").rows[0][0] or 0)  # noqa: S608 - our own names
    except QueryError:
        return None


def _count_records(path: Path) -> int:
    with path.open(newline="", encoding="utf-8") as file:
        return sum(1 for row in csv.reader(file) if row) - 1


def _wait(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not done():
        if time.monotonic() > deadline:
            raise WrongAnswerError(f"waited {LIMIT_S:.0f} s in vain for {what}")
        time.sleep(0.02)
