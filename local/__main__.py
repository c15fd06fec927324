"""Run the local AWS: `python -m local up | down | status | demo`."""

import argparse
import contextlib
import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

from local.demo import WrongAnswerError, show
from local.deployment import DeploymentError, Stack, deploy, find_stack
from local.lake import Lake, QueryError
from local.sam import SamError
from local.screen import Screen
from local.server import (
    ACCESS_KEY,
    DUCKDB,
    REGION,
    TRINO,
    Server,
    ServerError,
    find_server,
    free_port,
    start_server,
    stop_server,
)
from local.state import State
from local.tools import ToolError, ensure_runtime
from local.trino.install import ensure_trino
from local.trino.server import find_trino, start_trino, wait_for_trino


def main() -> int:
    """Do what the command line says; return the exit status."""
    arguments = _parse()
    screen = Screen()
    state = State(arguments.state.resolve())
    state.folder.mkdir(parents=True, exist_ok=True)
    commands = {"up": _up, "down": _down, "status": _status, "demo": _demo}
    try:
        return commands[arguments.command](arguments, state, screen)
    except (DeploymentError, SamError, ServerError, ToolError, WrongAnswerError, QueryError) as error:
        screen.end_step()
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        screen.end_step()
        print("interrupted; nothing that this command started is left running", file=sys.stderr)
        return 130


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The local AWS with the template deployed on it."
    )
    parser.add_argument("--state", type=Path, default=State().folder, help="folder of this local AWS (default: .local)")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it, deploy, and leave it running; running already, deploy what changed")
    demo = commands.add_parser("demo", help="show the main job, on the running stack or on one of its own")
    for command in (up, demo):
        command.add_argument("--catalog-mode", choices=["direct", "crawler"], help="who registers tables")
        command.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="of template.yaml")
        command.add_argument("--engine", choices=[DUCKDB, TRINO], help="what answers Athena's queries")
        command.add_argument("--iam", action="store_true", help="enforce IAM policies on the functions' roles")
    commands.add_parser("down", help="stop it")
    commands.add_parser("status", help="say what runs; exit status 3 when nothing does")
    return parser.parse_args()


def _parameters(arguments: argparse.Namespace) -> dict[str, str]:
    parameters = dict(pair.split("=", 1) for pair in arguments.parameter)
    if arguments.catalog_mode:
        parameters["CatalogMode"] = arguments.catalog_mode
    return parameters


def bring_up(
    state: State, screen: Screen, parameters: dict[str, str], *, iam: bool = False, engine: str | None = None
) -> tuple[Server, Stack]:
    """Start what does not run and deploy; if that fails, stop what was started here.

    Args:
        state: of which local AWS.
        screen: told of each step.
        parameters: the template's.
        iam: enforce IAM policies.
        engine: what is to answer Athena's queries; None for what runs, else DuckDB.

    Raises:
        ServerError: the one that runs has another engine.
    """
    with _alone(state, screen):
        ensure_runtime(state, screen.step)
        running = find_server(state)
        check_engine(running, engine)
        server = running or _start(state, screen, iam=iam, engine=engine)
        try:
            stack = deploy(server, state, parameters, screen.step)
            if (trino := find_trino(state)) and not running:
                screen.step("waiting for Trino")
                wait_for_trino(trino, state)
        except BaseException:
            if not running:
                stop_server(state)
            raise
        screen.end_step()
        return server, stack


def check_engine(running: Server | None, engine: str | None) -> None:
    """Refuse to go on with a local AWS whose Athena has another engine than the one that is asked for."""
    if running and engine and running.engine != engine:
        raise ServerError(
            f"the local AWS that is up answers from {running.engine}; `make down` ends it, then try again"
        )


def _start(state: State, screen: Screen, *, iam: bool, engine: str | None) -> Server:
    if engine != TRINO:
        screen.step("starting LocalEmu on loopback")
        return start_server(state, iam=iam)
    installed, port = ensure_trino(screen.step), free_port()
    screen.step(f"starting LocalEmu and Trino {installed.version} on loopback")
    server = start_server(state, iam=iam, trino_url=f"http://127.0.0.1:{port}")
    start_trino(state, installed, port, endpoint=server.endpoint_url, region=REGION, key=ACCESS_KEY)
    return server


def _up(arguments: argparse.Namespace, state: State, screen: Screen) -> int:
    _, stack = bring_up(state, screen, _parameters(arguments), iam=arguments.iam, engine=arguments.engine)
    screen.line(f"The local AWS is up at {stack.endpoint_url}; `make down` stops it.", style="bold")
    screen.line(f"  . {_shown(state.env)} && aws s3 cp FILE.csv s3://$CSVLAKE_BUCKET/csv-files/TABLE/")
    screen.line(f"Programs read {_shown(state.stack_json)}. LocalEmu's log: {_shown(state.server_log)}")
    return 0


def _down(_arguments: argparse.Namespace, state: State, screen: Screen) -> int:
    with _alone(state, screen):
        screen.line("Stopped." if stop_server(state) else "Nothing was running.")
    return 0


def _status(_arguments: argparse.Namespace, state: State, screen: Screen) -> int:
    server = find_server(state)
    if server is None:
        screen.line("Nothing runs. `make up` starts it.")
        return 3
    screen.line(f"LocalEmu runs at {server.endpoint_url} (process {server.process.pid}).")
    stack = find_stack(server, state)
    if stack is None:
        screen.line("Nothing is deployed on it yet.")
        return 3
    for name in ("bucket", "database", "workgroup", "function_name", "convert_queue_url", "engine"):
        screen.line(f"  {name}: {getattr(stack, name)}")
    return 0


def _demo(arguments: argparse.Namespace, state: State, screen: Screen) -> int:
    server = find_server(state)
    check_engine(server, arguments.engine)
    stack = find_stack(server, state) if server else None
    if stack:
        screen.line("Using the stack that is up.")
        show(Lake(stack), screen)
    else:
        _, stack = bring_up(state, screen, _parameters(arguments), iam=arguments.iam, engine=arguments.engine)
        try:
            show(Lake(stack), screen)
        finally:
            screen.step("stopping the local AWS")
            stop_server(state)
            screen.end_step()
    screen.line()
    screen.line("All answers are right. What to try next:", style="bold")
    screen.line("  make up        leave this stack running, then upload and query files of your own:")
    screen.line("                 . .local/env && aws s3 cp FILE.csv s3://$CSVLAKE_BUCKET/csv-files/TABLE/")
    screen.line("  make test      run the tests, end to end ones included")
    screen.line("  sam build && sam deploy --guided        deploy the same template to AWS")
    return 0


@contextlib.contextmanager
def _alone(state: State, screen: Screen) -> Iterator[None]:
    """Keep a second command on the same state folder waiting while this one starts or stops things."""
    with (state.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            screen.step("waiting for another `python -m local` to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
