"""Run ``COMMAND ...`` and print, as JSON, its exit code, wall and CPU seconds and peak memory in bytes.

A program of its own and with few imports, because the kernel begins a child's peak at the size of its parent: the
harness, which reads Parquet, is larger than some of what it measures. Python keeps compiled modules even where the
environment forbids it: else each run would compile all that it imports.
"""

import json
import os
import sys
import time

_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes: getrusage(2)

_began = time.perf_counter()
_environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_child = os.posix_spawn(
    sys.argv[1], sys.argv[1:], _environment, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
)
_, _status, _used = os.wait4(_child, 0)
_figures = {
    "exit_code": os.waitstatus_to_exitcode(_status),
    "wall_s": time.perf_counter() - _began,
    "cpu_s": _used.ru_utime + _used.ru_stime,
    "peak_bytes": _used.ru_maxrss * _PEAK_UNIT,
}
print(json.dumps(_figures))
