"""Hold one function process to its memory: by the kernel (cgroups) where that is allowed, else by watching it."""

import contextlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import Protocol

import psutil

LOG = logging.getLogger(__name__)
CGROUPS = Path("/sys/fs/cgroup")
WATCH_INTERVAL_S = 0.05


class MemoryLimit(Protocol):
    """The limit of one process and its children."""

    def launcher(self) -> list[str]:
        """Return the command to put in front of the process's own, so that it is limited from its first instruction."""

    def watch(self, pid: int) -> None:
        """Begin to enforce, once the process runs."""

    def peak_bytes(self) -> int:
        """Return the most that was used so far."""

    def close(self) -> None:
        """Let go, after the process has ended."""


class ControlGroup:
    """A cgroup of its own, v1 or v2: over the limit the kernel kills the process, as Lambda's does."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Make the group.

        Raises:
            OSError: this user may not, or the memory controller is not delegated here.
        """
        self._folder = folder
        self._folder.mkdir()
        try:
            self._is_v2 = (folder / "memory.max").exists()
            limit = folder / ("memory.max" if self._is_v2 else "memory.limit_in_bytes")
            with limit.open("r+") as file:  # never makes the file: without the controller the folder is only a folder
                file.write(str(limit_bytes))
            if not os.access(folder / "cgroup.procs", os.W_OK):
                raise PermissionError(f"{folder}/cgroup.procs is not writable")
        except OSError:
            self._folder.rmdir()
            raise

    def launcher(self) -> list[str]:
        """Return a shell that joins the group, then becomes the process."""
        return ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self._folder / "cgroup.procs")]

    def watch(self, pid: int) -> None:
        """Do nothing: the kernel watches."""

    def peak_bytes(self) -> int:
        """Return the kernel's high-water mark; 0 where it keeps none (v2 before Linux 5.19).

        Pages of files count for the group that read them first, so a later process of the same code shows less than it
        uses: `resident_peak_bytes` has those.
        """
        peak = self._folder / ("memory.peak" if self._is_v2 else "memory.max_usage_in_bytes")
        return int(peak.read_text()) if peak.exists() else 0

    def close(self) -> None:
        """Remove the group; the kernel needs a moment to let go of the last process."""
        for _ in range(20):
            try:
                self._folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.05)
            else:
                return
        LOG.warning("could not remove the control group %s", self._folder)


class Watcher:
    """A thread that looks at the resident memory 20 times a second and kills the process over its limit.

    Not setrlimit: RLIMIT_AS counts address space, of which Arrow's allocators reserve far more than they use, and
    RLIMIT_RSS does nothing on Linux.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._peak_bytes = 0
        self._ended = threading.Event()

    def launcher(self) -> list[str]:
        """Return nothing: the process starts as it is."""
        return []

    def watch(self, pid: int) -> None:
        """Start the thread; it ends with the process."""
        threading.Thread(target=self._watch, args=(psutil.Process(pid),), daemon=True).start()

    def peak_bytes(self) -> int:
        """Return the most that was seen."""
        return self._peak_bytes

    def close(self) -> None:
        """Stop looking."""
        self._ended.set()

    def _watch(self, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            while not self._ended.wait(WATCH_INTERVAL_S):
                self._peak_bytes = max(self._peak_bytes, process.memory_info().rss)
                if self._peak_bytes > self._limit_bytes:
                    process.kill()


def resident_peak_bytes(pid: int) -> int:
    """Return the most that process `pid` had resident, shared pages included; 0 where /proc does not say."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def limit_memory(name: str, limit_bytes: int) -> MemoryLimit:
    """Make a limit: a control group below the first of this process's own groups, or their parents, that allows it."""
    for parent in _own_groups():
        with contextlib.suppress(OSError):
            return ControlGroup(parent / f"lambda-{os.getpid()}-{name}", limit_bytes)
    LOG.warning("this user may make no memory control groups: memory is watched instead, 20 times a second")
    return Watcher(limit_bytes)


def _own_groups() -> list[Path]:
    """List the control groups that this process is in, nearest first, as /proc/self/cgroup gives them (cgroups(7))."""
    own: list[Path] = []
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            root = CGROUPS / "memory" if controllers == "memory" else CGROUPS
            if controllers in ("memory", "") and root.is_dir():
                group = root / path.lstrip("/")
                own += [group, *(parent for parent in group.parents if parent.is_relative_to(root))]
    return own
