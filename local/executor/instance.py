"""Run one instance of a function: a process that takes invocations one after the other and is replaced when it dies."""

import contextlib
import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field

from local.executor.memory import MemoryLimit, limit_memory, resident_peak_bytes
from local.executor.runtime_api import Answered, Event, Exited, InitFailed, Invocation, RuntimeApi, Taken
from local.executor.settings import InstanceSettings, process_environment

LOG = logging.getLogger(__name__)
INIT_LIMIT_S = (
    10.0  # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
)
MIB = 1024 * 1024


@dataclass(frozen=True)
class Result:
    """What an invocation came to: JSON, whether it is an error, and the log lines that it wrote."""

    payload: bytes
    is_error: bool
    logs: str


@dataclass
class _Life:
    """One process of the instance, from its start to its end."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    memory: MemoryLimit
    started: float = field(default_factory=time.monotonic)
    is_warm: bool = False


class Instance:
    """One execution environment. Not for use by two threads at once, but for `stop`."""

    def __init__(self, settings: InstanceSettings) -> None:
        self._settings = settings
        self._tmp = settings.folder / "tmp"
        self._log = settings.folder / "log"
        self._log_position = 0
        self._life: _Life | None = None
        self._stopped = False
        self._lock = threading.Lock()
        self._tmp.mkdir(parents=True)
        self._log.touch()

    def start(self) -> None:
        """Start the process; do not wait for it to be ready."""
        with self._lock:
            if self._stopped:
                raise RuntimeError("the instance has been stopped")
            self._life = self._spawn()

    def invoke(self, invocation: Invocation) -> Result:
        """Have the process answer; start another first if it died since the last time.

        Whatever happens to the process becomes a `Result` in the words that Lambda uses; nothing is raised for it.
        """
        life = self._life
        if life is None or life.process.poll() is not None:
            self._end()
            self.start()
            life = self._life
            assert life is not None  # noqa: S101 - start() has just set it
        self._append(f"START RequestId: {invocation.request_id} Version: {self._settings.version}\n")
        life.api.offer(invocation)
        began, event = self._await(life, invocation)
        self._report(invocation, life, began, event)
        life.is_warm = True
        if not isinstance(event, Answered):
            self._end()
        payload, is_error = _answer(invocation, event)
        return Result(payload, is_error, self.read_new_logs())

    def stop(self) -> None:
        """Kill the process and remove what it wrote."""
        with self._lock:
            self._stopped = True
        self._end()
        shutil.rmtree(self._settings.folder, ignore_errors=True)

    def read_new_logs(self) -> str:
        """Return what was logged since the last time."""
        with contextlib.suppress(FileNotFoundError), self._log.open("rb") as file:
            file.seek(self._log_position)
            new = file.read()
            self._log_position += len(new)
            return new.decode(errors="replace")
        return ""

    def _spawn(self) -> _Life:
        settings = self._settings
        api = RuntimeApi()
        memory = limit_memory(settings.folder.name, settings.memory_mb * MIB)
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*memory.launcher(), str(settings.python), "-m", "awslambdaric", settings.handler],
                cwd=settings.code,
                env=process_environment(settings, self._tmp, api.address),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # what the function starts dies with it
            )
        memory.watch(process.pid)
        threading.Thread(target=lambda: api.events.put(Exited(process.wait())), daemon=True).start()
        return _Life(api, process, memory)

    def _await(self, life: _Life, invocation: Invocation) -> tuple[float, Event | None]:
        """Wait for the answer, the end of the process or the timeout (None); return when the invocation began, too."""
        began = time.monotonic()
        deadline = began + invocation.timeout_s + (0 if life.is_warm else INIT_LIMIT_S)
        while True:
            try:
                event = life.api.events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return began, None
            if isinstance(event, Taken):
                began = time.monotonic()
                deadline = began + invocation.timeout_s
            elif not isinstance(event, Answered) or event.request_id == invocation.request_id:
                return began, event

    def _end(self) -> None:
        """Kill the process with all that it started, and let go of what belonged to it."""
        with self._lock:
            life, self._life = self._life, None
        if life is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(life.process.pid, signal.SIGKILL)
        life.process.wait()
        life.api.close()
        life.memory.close()

    def _report(self, invocation: Invocation, life: _Life, began: float, event: Event | None) -> None:
        """Write the lines that Lambda writes at the end of an invocation."""
        now = time.monotonic()
        rid = invocation.request_id
        was_init = not life.is_warm and not isinstance(event, InitFailed)
        init = f"\tInit Duration: {(began - life.started) * 1000:.2f} ms" if was_init else ""
        if event is None:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            self._append(f"{stamp}Z {rid} Task timed out after {invocation.timeout_s:.2f} seconds\n\n")
        elif isinstance(event, Exited):
            self._append(f"RequestId: {rid} Error: {_exit_words(event.status)}\nRuntime.ExitError\n")
        self._append(
            f"END RequestId: {rid}\n"
            f"REPORT RequestId: {rid}\tDuration: {(now - began) * 1000:.2f} ms\t"
            f"Memory Size: {self._settings.memory_mb} MB\tMax Memory Used: {self._peak_mb(life)} MB{init}\n"
        )

    def _peak_mb(self, life: _Life) -> int:
        with contextlib.suppress(FileNotFoundError):  # stop() may have removed the group meanwhile
            return max(life.memory.peak_bytes(), resident_peak_bytes(life.process.pid)) // MIB
        return 0

    def _append(self, text: str) -> None:
        with contextlib.suppress(FileNotFoundError), self._log.open("a") as log:  # stop() may have removed the folder
            log.write(text)


def _answer(invocation: Invocation, event: Event | None) -> tuple[bytes, bool]:
    """Put what happened into the JSON that Lambda answers with."""
    rid = invocation.request_id
    match event:
        case Answered(payload=payload, is_error=is_error):
            return payload, is_error
        case InitFailed(payload=payload):
            return payload, True
        case Exited(status=status):
            return _error("Runtime.ExitError", f"RequestId: {rid} Error: {_exit_words(status)}"), True
        case _:
            words = f"RequestId: {rid} Error: Task timed out after {invocation.timeout_s:.2f} seconds"
            return _error("Sandbox.Timedout", words), True


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _exit_words(status: int) -> str:
    if status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        name = signal.strsignal(-status) or str(-status)
        return f"Runtime exited with error: signal: {name.lower()}"
    return f"Runtime exited with error: exit status {status}"
