"""One function process: what it sees, what it answers, and what is said when it dies."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.executor.instance import Instance, Result
from local.executor.memory import Watcher
from local.executor.runtime_api import Invocation
from local.executor.settings import InstanceSettings
from local.state import State
from local.tools import ensure_runtime

Make = Callable[..., Instance]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = State(tmp_path_factory.mktemp("state"))
    ensure_runtime(state, print)
    return state.runtime / "bin" / "python"


@pytest.fixture
def make(tmp_path: Path, python: Path) -> Iterator[Make]:
    made: list[Instance] = []

    def make_instance(source: str, *, layers: list[Path] | None = None, memory_mb: int = 256) -> Instance:
        code = tmp_path / "code"
        code.mkdir(exist_ok=True)
        (code / "app.py").write_text(source)
        settings = InstanceSettings(
            python=python,
            runtime="python3.13",
            handler="app.handler",
            code=code,
            layers=layers or [],
            environment={"GREETING": "hello"},
            folder=tmp_path / f"instance{len(made)}",
            memory_mb=memory_mb,
        )
        made.append(Instance(settings))
        made[-1].start()
        return made[-1]

    yield make_instance
    for instance in made:
        instance.stop()


def call(instance: Instance, payload: Any = None, *, request_id: str = "r-1", timeout_s: float = 20) -> Result:
    body = json.dumps(payload).encode()
    return instance.invoke(
        Invocation(request_id, "arn:aws:lambda:us-east-1:0:function:f", "Root=1-0-0", body, timeout_s)
    )


def test_it_answers_and_logs_in_lambdas_words(make: Make) -> None:
    result = call(make("def handler(event, context):\n    print('seen', event)\n    return event['x'] + 1"), {"x": 1})
    assert (result.payload, result.is_error) == (b"2", False)
    start, said, end, report = result.logs.splitlines()
    assert start == "START RequestId: r-1 Version: $LATEST"
    assert said == "seen {'x': 1}"
    assert end == "END RequestId: r-1"
    assert report.startswith("REPORT RequestId: r-1\tDuration: ")
    assert "\tMemory Size: 256 MB\t" in report
    assert "\tInit Duration: " in report


def test_a_second_call_goes_to_the_same_process_without_init(make: Make) -> None:
    instance = make("import os\nprint('once')\ndef handler(event, context):\n    return os.getpid()")
    first, second = call(instance), call(instance)
    assert first.payload == second.payload
    assert "once" in first.logs
    assert "once" not in second.logs
    assert "Init Duration" not in second.logs


def test_it_sees_the_layers_and_not_the_development_environment(make: Make, tmp_path: Path) -> None:
    for layer, where in (("one", "python"), ("two", "python/lib/python3.13/site-packages")):
        folder = tmp_path / layer / where
        folder.mkdir(parents=True)
        (folder / "shared.py").write_text(f"WHO = '{layer}'")
    source = """
import os, sys, importlib.util, boto3, shared
def handler(event, context):
    return {
        "shared": shared.WHO,
        "ours": [name for name in ("duckdb", "localemu", "csvlake") if importlib.util.find_spec(name)],
        "greeting": os.environ["GREETING"],
        "task": os.environ["LAMBDA_TASK_ROOT"] == os.path.dirname(os.path.abspath(__file__)),
        "inherited": [name for name in ("VIRTUAL_ENV", "PYTEST_CURRENT_TEST", "USER") if name in os.environ],
    }
"""
    answer = json.loads(call(make(source, layers=[tmp_path / "one", tmp_path / "two"])).payload)
    assert answer == {"shared": "two", "ours": [], "greeting": "hello", "task": True, "inherited": []}


def test_each_instance_has_a_tmp_of_its_own_that_goes_with_it(make: Make) -> None:
    source = "import tempfile\ndef handler(event, context):\n    return tempfile.mkstemp()[1]"
    one, two = make(source), make(source)
    paths = [Path(json.loads(call(instance).payload)) for instance in (one, two)]
    assert paths[0].parent != paths[1].parent
    one.stop()
    assert [path.exists() for path in paths] == [False, True]


def test_an_exception_is_an_error_with_its_type(make: Make) -> None:
    instance = make("def handler(event, context):\n    raise KeyError('no')")
    result = call(instance)
    assert result.is_error
    assert json.loads(result.payload)["errorType"] == "KeyError"
    assert "[ERROR] KeyError: 'no'" in result.logs
    assert call(instance).is_error  # the process lives on


def test_a_failed_import_is_the_answer_of_each_call_and_is_tried_again(make: Make, tmp_path: Path) -> None:
    instance = make("import missing_module")
    result = call(instance)
    assert result.is_error
    assert json.loads(result.payload)["errorType"] == "Runtime.ImportModuleError"
    assert "missing_module" in result.logs
    (tmp_path / "code" / "missing_module.py").write_text("def handler(event, context):\n    return 1")
    (tmp_path / "code" / "app.py").write_text("from missing_module import handler")
    assert call(instance).payload == b"1"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash_is_an_exit_error_and_the_next_call_gets_a_new_process(make: Make, act: str, words: str) -> None:
    instance = make(f"import os\ndef handler(event, context):\n    if event:\n        {act}\n    return 'alive'")
    result = call(instance, "die", request_id="r-9")
    assert result.is_error
    assert json.loads(result.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: r-9 Error: {words}",
    }
    assert "REPORT RequestId: r-9" in result.logs
    assert call(instance).payload == b'"alive"'


def test_a_process_killed_from_outside_while_idle_is_replaced_unseen(make: Make) -> None:
    instance = make("import os\ndef handler(event, context):\n    return os.getpid()")
    pid = int(call(instance).payload)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    again = call(instance)
    assert not again.is_error
    assert int(again.payload) != pid


def test_a_timeout_kills_the_process_and_what_it_started(make: Make, tmp_path: Path) -> None:
    source = """
import subprocess, sys, time
def handler(event, context):
    if event:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open(event, "w").write(str(child.pid))
        time.sleep(60)
    return "alive"
"""
    instance = make(source)
    call(instance)
    result = call(instance, str(tmp_path / "child"), request_id="r-2", timeout_s=1)
    assert json.loads(result.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-2 Error: Task timed out after 1.00 seconds",
    }
    assert "r-2 Task timed out after 1.00 seconds" in result.logs
    assert not is_running(int((tmp_path / "child").read_text()))
    assert call(instance).payload == b'"alive"'


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_the_deadline_that_the_function_sees_is_its_timeout(make: Make) -> None:
    instance = make("def handler(event, context):\n    return context.get_remaining_time_in_millis()")
    call(instance)
    assert 1000 < int(call(instance, timeout_s=3).payload) <= 3000


def test_too_much_memory_is_death_and_less_is_not(make: Make) -> None:
    body = "x = b'x' * (event << 20); time.sleep(0.3); return len(x)"  # it sleeps for where memory is only watched
    source = f"import time\ndef handler(event, context):\n    {body}"
    instance = make(source, memory_mb=128)
    assert call(instance, 40).payload == str(40 << 20).encode()
    result = call(instance, 400)
    assert json.loads(result.payload)["errorMessage"].endswith("signal: killed")


def test_the_watcher_kills_where_the_kernel_may_not() -> None:
    watcher = Watcher(200 << 20)
    source = "import time; x = b'x' * (300 << 20); time.sleep(30)"
    process = subprocess.Popen([*watcher.launcher(), sys.executable, "-c", source])
    watcher.watch(process.pid)
    assert process.wait(timeout=20) == -signal.SIGKILL
    assert watcher.peak_bytes() > 200 << 20


def test_stop_during_an_invocation_ends_it(make: Make) -> None:
    instance = make("import time\ndef handler(event, context):\n    time.sleep(30 if event else 0)")
    call(instance)
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(call(instance, "long")))
    thread.start()
    time.sleep(0.3)
    instance.stop()
    thread.join(timeout=10)
    assert results[0].is_error
