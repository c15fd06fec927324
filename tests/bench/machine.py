"""What the figures were measured on, and what else ran there meanwhile."""

import os
import platform
import resource
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["Machine", "describe_machine", "read_busy_seconds", "used_here_s"]

_PACKAGES = ("polars", "duckdb", "pandas", "pyarrow", "numpy")


@dataclass
class Machine:
    """One machine at one time."""

    cpu: str
    cores: int
    memory_gb: float
    system: str
    load: float  # runnable processes over the minute before the run
    revision: str
    date: str
    versions: dict[str, str] = field(default_factory=dict)
    foreign_cpu_share: float = 0.0  # of all cores' time during the run, what other programs used


def describe_machine() -> Machine:
    """Look at the machine this runs on."""
    return Machine(
        cpu=_read_cpu(),
        cores=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        memory_gb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9,
        system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        load=os.getloadavg()[0],
        revision=_read_revision(),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        versions={name: _read_version(name) for name in _PACKAGES},
    )


def read_busy_seconds() -> float:
    """Return the CPU seconds of all cores and programs since the start; 0 where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _idle, _wait, irq, soft_irq, *_ = map(int, stat.read_text().splitlines()[0].split()[1:])
    return (user + nice + system + irq + soft_irq) / os.sysconf("SC_CLK_TCK")


def used_here_s() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _read_cpu() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    pairs = (line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in pairs}
    parts = [fields.get("model name", platform.machine())]
    if "cpu family" in fields:
        parts.append(f"family {fields['cpu family']}, model {fields.get('model', '?')}")
    return f"{platform.machine()}, {', '.join(parts)}"


def _read_revision() -> str:
    """Return the commit, with ``+`` when the package differs from it; a source archive has none."""
    here = Path(__file__).resolve().parents[2]
    command = ["git", "describe", "--always", "--abbrev=10", "--exclude=*"]
    told = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    if told.returncode:
        return "no commit known"
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "functions"], cwd=here, check=False)
    return told.stdout.strip() + ("+" if changed.returncode else "")


def _read_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
