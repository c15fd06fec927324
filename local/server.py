"""Start, find and stop the one LocalEmu process of a state folder."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass

from local.processes import ProcessName, end_tree
from local.state import ROOT, State
from local.trino.server import stop_trino

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
ACCESS_KEY = SECRET_KEY = "test"  # noqa: S105 - LocalEmu takes anything; this key stands for account 000000000000
START_LIMIT_S = 90.0
DUCKDB, TRINO = "duckdb", "trino"

_children: list[subprocess.Popen[bytes]] = []  # kept, as Python warns of a child that outlives its object


class ServerError(RuntimeError):
    """LocalEmu did not come up; the message has the end of its log."""


@dataclass(frozen=True)
class Server:
    """A running LocalEmu.

    Attributes:
        engine: what answers Athena's queries, `duckdb` or `trino`.
    """

    process: ProcessName
    endpoint_url: str
    engine: str = DUCKDB


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_server(state: State) -> Server | None:
    """Return the LocalEmu of this state folder if it runs and answers, else None."""
    try:
        kept = json.loads(state.server_json.read_text())
    except FileNotFoundError:
        return None
    server = Server(**{**kept, "process": ProcessName(**kept["process"])})
    return server if server.process.find() and _answers(server.endpoint_url) else None


def start_server(state: State, *, iam: bool = False, trino_url: str = "") -> Server:
    """Start LocalEmu as a child that outlives this process, and wait until it answers.

    Args:
        state: where it keeps its files.
        iam: enforce IAM policies on everybody but the access key `test`.
        trino_url: of the Trino that is to answer Athena's queries; empty for the embedded engine. It may come up later.

    Raises:
        ServerError: it ended or did not answer in time; nothing is left running.
    """
    stop_server(state)
    url = f"http://127.0.0.1:{(port := free_port())}"
    state.data.mkdir(parents=True)
    for name in ("tmp", "home"):
        (state.data / name).mkdir()
    with state.server_log.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "local.serve"],
            cwd=ROOT,
            env=_environment(state, port, iam=iam, trino_url=trino_url),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for us, who then stop it in order
        )
    _children.append(child)
    try:
        server = Server(ProcessName.of(child.pid), url, TRINO if trino_url else DUCKDB)
        state.server_json.write_text(json.dumps(asdict(server)))
        _wait_until_it_answers(child, url, state)
    except BaseException:  # Ctrl-C too must leave nothing running
        stop_server(state)
        raise
    return server


def stop_server(state: State) -> bool:
    """End LocalEmu, every function process and Trino, and remove what they wrote; do nothing where none runs.

    Returns:
        Whether one was running.
    """
    was_running = False
    stop_trino(state)
    with contextlib.suppress(FileNotFoundError):
        process = ProcessName(**json.loads(state.server_json.read_text())["process"]).find()
        was_running = process is not None
        if process:
            end_tree(process)
    _children[:] = [child for child in _children if child.poll() is None]
    for path in (state.server_json, state.stack_json, state.env):
        path.unlink(missing_ok=True)
    shutil.rmtree(state.data, ignore_errors=True)
    return was_running


def _environment(state: State, port: int, *, iam: bool, trino_url: str) -> dict[str, str]:
    """Build LocalEmu's environment from nothing, so that no AWS setting of the user's reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    settings = {
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "GATEWAY_SERVER": "threads",  # ours: `local.gateway`
        "LOCALEMU_HOST": f"127.0.0.1:{port}",  # what it puts into the URLs that it hands out
        "SQS_ENDPOINT_STRATEGY": "path",  # the others need host names that only resolve over the internet
        "FILESYSTEM_ROOT": str(state.data / "root"),
        "HOME": str(state.data / "home"),
        "TMPDIR": str(state.data / "tmp"),
        "PYTHONPATH": str(ROOT),  # for the plugins, whose distribution is metadata only
        "PYTHONUNBUFFERED": "1",
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        "PROVIDER_OVERRIDE_ATHENA": "embedded",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.001",  # our SQS poller waits in the queue instead
        "LOCAL_LAMBDA_PYTHON": str(state.runtime / "bin" / "python"),
        "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
        "IN_MEMORY_CLIENT": "1",  # from service to service without sockets, signatures and servers in between
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if trino_url:
        settings["LOCAL_ATHENA_TRINO_URL"] = trino_url
    if iam:
        settings |= {"IAM_ENFORCEMENT": "1", "ROOT_ACCESS_KEYS": ACCESS_KEY}
    return kept | settings


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_localemu/health", timeout=5) as answer:  # noqa: S310 - our own http URL
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _wait_until_it_answers(child: subprocess.Popen[bytes], url: str, state: State) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not _answers(url):
        if child.poll() is not None or time.monotonic() > deadline:
            said = state.server_log.read_text(errors="replace")[-2000:]
            how = "ended" if child.returncode is not None else f"did not answer within {START_LIMIT_S:.0f} s"
            raise ServerError(f"LocalEmu {how}. The end of {state.server_log}:\n{said}")
        time.sleep(0.1)
