"""LocalEmu as a process: what it listens on, how it is found, and that ending it ends all of it and nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import boto3
import psutil
import pytest

from local.processes import ProcessName, end_tree
from local.server import ACCESS_KEY, REGION, SECRET_KEY, Server, find_server, start_server, stop_server
from local.state import State
from local.tools import ensure_runtime
from tests.local.functions import make_function

pytestmark = pytest.mark.local


@pytest.fixture
def own_state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    state.folder.mkdir()
    yield state
    stop_server(state)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def test_it_listens_on_loopback_alone_and_leaves_nothing(own_state: State) -> None:
    ensure_runtime(own_state, print)
    server = start_server(own_state)
    assert find_server(own_state) == server
    process = psutil.Process(server.process.pid)
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    client = session.client("lambda", endpoint_url=server.endpoint_url)
    name = make_function(session, server.endpoint_url, "def handler(event, context):\n    return 1")
    assert client.invoke(FunctionName=name)["Payload"].read() == b"1"

    tree = [process, *process.children(recursive=True)]
    listening = {
        connection.laddr.ip
        for member in tree
        for connection in member.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    assert len(tree) > 1  # the function's process is one of them

    assert stop_server(own_state)
    assert [member for member in tree if member.is_running()] == []
    assert find_server(own_state) is None
    assert not own_state.server_json.exists()
    assert not own_state.data.exists()
    assert not stop_server(own_state)


def test_requests_are_not_recorded(server: Server, session: boto3.Session) -> None:
    trail = session.client("cloudtrail", endpoint_url=server.endpoint_url)
    trail.lookup_events()  # loads the service, which begins to record
    session.client("s3", endpoint_url=server.endpoint_url).list_buckets()
    assert trail.lookup_events()["Events"] == []


def test_a_reused_process_number_is_not_ours(own_state: State, stranger: subprocess.Popen[bytes]) -> None:
    name = ProcessName.of(stranger.pid)
    kept = {"process": asdict(ProcessName(name.pid, name.started - 1)), "endpoint_url": "http://127.0.0.1:9"}
    own_state.server_json.write_text(json.dumps(kept))
    assert find_server(own_state) is None
    assert not stop_server(own_state)
    assert stranger.poll() is None


def test_end_tree_takes_the_children_along(stranger: subprocess.Popen[bytes]) -> None:
    child = "[sys.executable, '-c', 'import time; time.sleep(60)']"
    parent = psutil.Popen([sys.executable, "-c", f"import subprocess, sys; subprocess.run({child})"])
    while not (children := parent.children()):
        pass
    end_tree(parent)
    assert not parent.is_running()
    assert not children[0].is_running()
    assert stranger.poll() is None


def test_a_failed_start_says_why_and_leaves_nothing(own_state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.server.free_port", lambda: 99999)
    with pytest.raises(RuntimeError, match="LocalEmu ended"):
        start_server(own_state)
    assert not own_state.server_json.exists()
