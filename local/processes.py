"""Name a process so that a reused process number is never mistaken for it, and end it with all its children."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class ProcessName:
    """A process number and the moment it was given out; together they name one process for ever."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "ProcessName":
        """Name the running process `pid`."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Return the process, or None when it has ended (even if its number has been given to another)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) < 0.02 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def end_tree(process: psutil.Process, grace_s: float = 10.0) -> None:
    """Ask `process` to end, then kill what is left of it and of its children after `grace_s` seconds."""
    tree = [process, *_children(process)]
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
    psutil.wait_procs([process], timeout=grace_s)
    for member in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(tree, timeout=5)


def _children(process: psutil.Process) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        yield from process.children(recursive=True)
