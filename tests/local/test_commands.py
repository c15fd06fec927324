"""The command line, where nothing runs; and what other programs read, where something does."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from local.deployment import Stack, find_stack, write_stack
from local.processes import ProcessName
from local.server import Server
from local.state import ROOT, State

STACK = Stack(
    endpoint_url="http://127.0.0.1:4566",
    region="us-east-1",
    account_id="000000000000",
    bucket="it's",
    database="csvlake",
    workgroup="csvlake",
    convert_queue_url="http://127.0.0.1:4566/queue/us-east-1/000000000000/convert",
    dlq_url="http://127.0.0.1:4566/queue/us-east-1/000000000000/dlq",
    event_dlq_url="http://127.0.0.1:4566/queue/us-east-1/000000000000/event-dlq",
    function_name="convert",
    crawler_name="crawler",
    topic_arn="arn:aws:sns:us-east-1:000000000000:topic",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "local", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_status_and_down_where_nothing_runs(tmp_path: Path) -> None:
    status = run("--state", str(tmp_path / "new"), "status")
    assert (status.returncode, status.stdout) == (3, "Nothing runs. `make up` starts it.\n")
    down = run("--state", str(tmp_path / "new"), "down")
    assert (down.returncode, down.stdout) == (0, "Nothing was running.\n")


def test_a_wrong_command_says_what_there_is() -> None:
    wrong = run("fly")
    assert wrong.returncode == 2
    assert "up" in wrong.stderr
    assert "demo" in wrong.stderr


def test_a_shell_reads_what_programs_read(tmp_path: Path) -> None:
    state = State(tmp_path)
    write_stack(STACK, state)
    script = '. "$0" && echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $AWS_REGION $CSVLAKE_BUCKET $CSVLAKE_DATABASE"'
    said = subprocess.run(["/bin/sh", "-c", script, str(state.env)], capture_output=True, text=True, check=True).stdout
    assert said == "http://127.0.0.1:4566 test us-east-1 it's csvlake\n"


@pytest.mark.parametrize(("url", "found"), [(STACK.endpoint_url, STACK), ("http://127.0.0.1:1", None)])
def test_a_stack_belongs_to_its_server(tmp_path: Path, url: str, found: Stack | None) -> None:
    state = State(tmp_path)
    assert find_stack(Server(ProcessName(1, 0.0), url), state) is None
    write_stack(STACK, state)
    assert find_stack(Server(ProcessName(1, 0.0), url), state) == found


def test_the_names_in_stack_json_stay() -> None:
    promised = "endpoint_url region account_id bucket database workgroup convert_queue_url dlq_url function_name"
    assert list(asdict(STACK)) == [*promised.split(), "crawler_name", "topic_arn", "event_dlq_url", "engine"]
