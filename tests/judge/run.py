"""`make judge`: every kind of table and of type change, asked of the local Athena and of a real Trino, and compared.

Exit status 0: each engine's verdict on each table is the expected one. 1: some are not (`.local/judge.txt` has them),
or what it needs is missing.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import boto3

from local.__main__ import bring_up
from local.deployment import DeploymentError, Stack
from local.lake import Lake
from local.sam import SamError
from local.screen import Screen
from local.server import (
    ACCESS_KEY,
    DUCKDB,
    REGION,
    SECRET_KEY,
    Server,
    ServerError,
    find_server,
    free_port,
    stop_server,
)
from local.state import State
from local.tools import ToolError
from local.trino.install import ensure_trino
from local.trino.server import find_trino, start_trino, stop_trino, wait_for_trino
from tests.judge.cells import partition_cells, stored_cells
from tests.judge.changes import type_changes
from tests.judge.engines import Ask, ask_athena, ask_trino, make_work_group, verdict
from tests.judge.lake import BUCKET, DATABASE, JudgeLake
from tests.judge.pipeline import UPLOADS, watch
from tests.judge.questions import one_by_one, select_all
from tests.judge.scenario import Scenario
from tests.judge.shapes import shapes

AT_ONCE = 4
SAY_EVERY = 50  # tables
PARAMETERS = {"TypeChangeGraceSeconds": "15"}  # the least, so that a change is soon over


@dataclass(frozen=True)
class Finding:
    """What one engine made of one scenario."""

    scenario: Scenario
    engine: str
    expected: frozenset[str]
    verdict: str
    wrong: list[str]

    @property
    def is_expected(self) -> bool:
        """Say whether it is as it should be."""
        return self.verdict in self.expected


def scenarios() -> Iterator[Scenario]:
    """Yield all of them. Add yours here."""
    yield from stored_cells()
    yield from partition_cells()
    yield from type_changes()
    yield from shapes()


def judge(scenario: Scenario, engines: dict[str, Ask]) -> list[Finding]:
    """Ask each engine all questions on a scenario's table."""
    asked = list(scenario.asked or scenario.columns)
    kinds = {**scenario.columns, **scenario.keys}
    select = select_all(scenario.table, ["id", *(name for name in asked if name != "id")], scenario.truth)
    expected = {"local Athena": scenario.local, "Trino": scenario.trino}
    more = [
        question
        for name in asked
        for question in one_by_one(scenario.table, name, kinds[name], scenario.truth["id"] or [], scenario.truth[name])
    ]
    return [
        Finding(scenario, name, expected[name], *verdict(select, more, ask, strict=scenario.strict))
        for name, ask in engines.items()
    ]


@contextmanager
def both_engines(state: State, screen: Screen) -> Iterator[tuple[Server, Stack, str]]:
    """Give the stack and a Trino beside it; what was started for this is stopped."""
    installed = ensure_trino(screen.step)
    was_up, trino = find_server(state), find_trino(state)
    has_trino = trino is not None
    server, stack = bring_up(state, screen, PARAMETERS, engine=DUCKDB)
    try:
        if trino is None:
            screen.step(f"starting Trino {installed.version} on loopback")
            trino = start_trino(
                state, installed, free_port(), endpoint=server.endpoint_url, region=REGION, key=ACCESS_KEY
            )
            wait_for_trino(trino, state)
        yield server, stack, trino.url
    finally:
        screen.step("stopping what was started")
        if not has_trino:
            stop_trino(state)
        if not was_up:
            stop_server(state)
        screen.end_step()


def run(server: Server, stack: Stack, trino_url: str, screen: Screen) -> list[Finding]:
    """Make every scenario's table and judge it."""
    lake = JudgeLake(server)
    make_work_group(server, DATABASE, f"s3://{BUCKET}/answers/")
    own = Stack(**{**vars(stack), "bucket": BUCKET, "database": DATABASE, "workgroup": DATABASE})
    engines = {"local Athena": ask_athena(Lake(own)), "Trino": ask_trino(trino_url, DATABASE)}
    todo = list(scenarios())
    screen.step(f"making {len(todo)} tables")
    for scenario in todo:
        lake.make(scenario)
    screen.step(f"asking both engines about {len(todo)} tables")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        findings = []
        for done, found in enumerate(pool.map(lambda scenario: judge(scenario, engines), todo), 1):
            findings += found
            for one in found:
                if not one.is_expected:
                    screen.line(describe(one))
            if done % SAY_EVERY == 0:
                screen.step(f"asked about {done} of {len(todo)} tables")
    lake.remove()
    screen.end_step()
    return findings


def watch_pipeline(server: Server, stack: Stack, trino_url: str, screen: Screen) -> int:
    """Change tables by uploads and ask all the while; print what came of it, return how many answers were wrong."""
    engines = {"local Athena": ask_athena(Lake(stack)), "Trino": ask_trino(trino_url, stack.database)}
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    glue = session.client("glue", endpoint_url=server.endpoint_url)
    screen.step(
        f"uploading {sum(map(len, UPLOADS.values()))} CSVs that change types, and asking both engines meanwhile"
    )
    with ThreadPoolExecutor(len(UPLOADS)) as pool:
        found = pool.map(lambda chain: watch(chain, Lake(stack), glue, stack.database, engines), UPLOADS)
        watched = [one for chain in found for one in chain]
    rows = [
        (one.chain, one.engine, *(str(one.counts[name]) for name in ("right", "failed", "wrong"))) for one in watched
    ]
    screen.table(["uploads", "engine", "answers right", "failed plainly", "wrong"], rows)
    for line in [line for one in watched for line in one.wrong][:10]:
        screen.line(line[:500])
    return sum(len(one.wrong) for one in watched)


def report(findings: Iterable[Finding], state: State, screen: Screen) -> int:
    """Print the summary, write the differences; return how many there are."""
    findings = list(findings)
    counts = Counter((one.scenario.group, one.engine, one.verdict) for one in findings)
    unexpected = [one for one in findings if not one.is_expected]
    rows = []
    for group, engine in dict.fromkeys((one.scenario.group, one.engine) for one in findings):
        verdicts = ", ".join(f"{v} {n}" for (g, e, v), n in sorted(counts.items()) if (g, e) == (group, engine))
        wrong = sum(one.scenario.group == group and one.engine == engine for one in unexpected)
        total = sum(n for (g, e, _), n in counts.items() if (g, e) == (group, engine))
        rows.append((group, engine, str(total), verdicts, str(wrong)))
    screen.table(["what", "engine", "tables", "verdicts", "unexpected"], rows)
    path = state.folder / "judge.txt"
    path.write_text("".join(map(describe, unexpected)))
    if unexpected:
        screen.line(f"{len(unexpected)} verdicts are not the expected ones: {path}")
    return len(unexpected)


def describe(finding: Finding) -> str:
    """Tell a finding in a few lines."""
    expected = " or ".join(sorted(finding.expected))
    head = (
        f"{finding.scenario.group}: {finding.scenario.name}: {finding.engine} {finding.verdict}, expected {expected}\n"
    )
    return head + "".join(f"    {line[:500]}\n" for line in finding.wrong[:5])


def main() -> int:
    """Judge; return the exit status."""
    parser = argparse.ArgumentParser(prog="make judge", description=__doc__)
    parser.parse_args()
    screen, state = Screen(), State()
    state.folder.mkdir(exist_ok=True)
    try:
        with both_engines(state, screen) as (server, stack, trino_url):
            findings = run(server, stack, trino_url, screen)
            wrong = watch_pipeline(server, stack, trino_url, screen)
    except (ToolError, ServerError, SamError, DeploymentError) as error:
        screen.end_step()
        sys.stderr.write(f"error: {error}\n")
        return 1
    unexpected = report(findings, state, screen)
    return 1 if unexpected or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
