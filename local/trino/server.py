"""Start, find and stop the one Trino of a state folder."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from local.processes import ProcessName, end_tree
from local.state import State
from local.tools import ToolError
from local.trino.client import CATALOG, Connection, TrinoError
from local.trino.install import Installed

START_LIMIT_S = 120.0
HEAP = "768M"
SERVER = """\
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
query.max-memory=250MB
query.max-memory-per-node=250MB
memory.heap-headroom-per-node=150MB
"""
# As in Athena: files in subfolders are read, external tables may be written to, Parquet columns match by name.
HIVE = """\
connector.name=hive
hive.metastore=glue
hive.metastore.glue.region={region}
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.aws-access-key={key}
hive.metastore.glue.aws-secret-key={key}
fs.native-s3.enabled=true
s3.endpoint={endpoint}
s3.region={region}
s3.path-style-access=true
s3.aws-access-key={key}
s3.aws-secret-key={key}
hive.recursive-directories=true
"""

_children: list[subprocess.Popen[bytes]] = []  # kept, as Python warns of a child that outlives its object


@dataclass(frozen=True)
class Trino:
    """A running Trino."""

    process: ProcessName
    url: str


def find_trino(state: State) -> Trino | None:
    """Return the Trino of this state folder if it runs, else None."""
    try:
        kept = json.loads(state.trino_json.read_text())
    except FileNotFoundError:
        return None
    trino = Trino(ProcessName(**kept["process"]), kept["url"])
    return trino if trino.process.find() else None


def start_trino(state: State, installed: Installed, port: int, *, endpoint: str, region: str, key: str) -> Trino:
    """Start Trino as a child that outlives this process; `wait_for_trino` says when it answers.

    Args:
        state: where it keeps its files; one that runs there already is stopped.
        installed: what to start.
        port: on loopback.
        endpoint: URL of S3 and Glue; it need not answer yet.
        region: theirs.
        key: access key, and secret key too.
    """
    stop_trino(state)
    folder = state.trino
    (folder / "catalog").mkdir(parents=True)
    (folder / "config.properties").write_text(SERVER.format(port=port))
    (folder / "log.properties").write_text("io.trino=WARN\n")
    (folder / "catalog" / f"{CATALOG}.properties").write_text(HIVE.format(endpoint=endpoint, region=region, key=key))
    with state.trino_log.open("wb") as log:
        child = subprocess.Popen(
            _command(installed, folder),
            cwd=folder,
            env={name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "HOME") if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for us, who then stop it in order
        )
    _children.append(child)
    trino = Trino(ProcessName.of(child.pid), f"http://127.0.0.1:{port}")
    state.trino_json.write_text(json.dumps(asdict(trino)))
    return trino


def _command(installed: Installed, folder: Path) -> list[str]:
    options = {
        "config": folder / "config.properties",
        "log.levels-file": folder / "log.properties",
        "catalog.config-dir": folder / "catalog",
        "plugin.dir": installed.folder / "plugin",
        "node.environment": "local",
        "node.id": "local",
        "node.data-dir": folder / "data",
        "node.bind-ip": "127.0.0.1",
        "node.internal-address": "127.0.0.1",
        "user.timezone": "UTC",
        "java.io.tmpdir": folder,
    }
    class_path = os.pathsep.join([str(installed.folder / "main"), str(installed.folder / "lib" / "*")])
    return [
        *(str(installed.java / "bin" / "java"), "-cp", class_path, f"-Xmx{HEAP}", "-XX:+UseSerialGC"),
        *("-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"),
        *("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"),
        *("-Djdk.attach.allowAttachSelf=true", "-XX:+EnableDynamicAgentLoading"),
        *(f"-D{name}={value}" for name, value in options.items()),
        *("StartTrino", installed.version),
    ]


def wait_for_trino(trino: Trino, state: State) -> None:
    """Wait until it answers queries, which is a moment after it says that it has started.

    Raises:
        ToolError: it ended, or did not answer in time; nothing of it is left running.
    """
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        with contextlib.suppress(TrinoError):
            Connection(trino.url).run("SELECT 1")
            return
        if not trino.process.find() or time.monotonic() > deadline:
            said = state.trino_log.read_text(errors="replace")[-2000:]
            stop_trino(state)
            raise ToolError(f"Trino did not come up. The end of {state.trino_log}:\n{said}")
        time.sleep(0.25)


def stop_trino(state: State) -> bool:
    """End Trino and remove what it wrote; say whether it was running."""
    running = find_trino(state)
    process = running.process.find() if running else None
    if process:
        end_tree(process)
    _children[:] = [child for child in _children if child.poll() is None]
    state.trino_json.unlink(missing_ok=True)
    shutil.rmtree(state.trino, ignore_errors=True)
    return process is not None
