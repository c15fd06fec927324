"""Find or make the programs that are kept apart from the development environment: uv, SAM, the functions' Python."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from local.state import ROOT, TOOLS, State

REQUIREMENTS = {name: Path(__file__).with_name(f"{name}-requirements.txt") for name in ("sam", "aws")}

Say = Callable[[str], None]


class ToolError(RuntimeError):
    """A program is missing or did not do its work; the message says what to do."""


def find_uv() -> str:
    """Return uv's path: from PATH, else the one that `make` fetched into .tools.

    Raises:
        ToolError: there is none.
    """
    found = shutil.which("uv") or shutil.which("uv", path=str(TOOLS / "uv" / "bin"))
    if found is None:
        raise ToolError(
            "uv is neither on PATH nor in .tools/uv. Run `make setup`, which fetches it into the project, "
            "or install it: https://docs.astral.sh/uv/getting-started/installation/"
        )
    return found


def ensure_sam(say: Say) -> Path:
    """Return the `sam` program, installing it on first use: 60 packages that must not meet ours."""
    return _ensure_program("sam", "the AWS SAM CLI", say)


def ensure_aws(say: Say) -> Path:
    """Return the `aws` program, version 1, installing it on first use: its packages must not meet ours either."""
    return _ensure_program("aws", "the AWS CLI", say)


def _ensure_program(name: str, title: str, say: Say) -> Path:
    folder = TOOLS / name
    kept = folder / "installed-requirements.txt"
    wanted = REQUIREMENTS[name].read_text()
    if not kept.exists() or kept.read_text() != wanted:
        say(f"installing {title} into .tools/{name} (once)")
        uv = find_uv()
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
        install = [uv, "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS[name])]
        _run([*install, "--python", str(folder / "bin" / "python")])
        kept.write_text(wanted)
    return folder / "bin" / name


def ensure_runtime(state: State, say: Say) -> None:
    """Make the functions' Python: AWS's runtime client and boto3 as uv.lock pins them, and nothing of the project's.

    It is a virtual environment of the same base interpreter as ours, as Lambda's python3.13 comes with its packages.
    """
    if not state.runtime.exists():
        say("installing AWS's Lambda runtime client (once)")
    command = [find_uv(), "sync", "--quiet", "--frozen", "--only-group", "runtime", "--no-install-project"]
    _run([*command, "--python", sys.executable], UV_PROJECT_ENVIRONMENT=str(state.runtime))


def _run(command: list[str], **environment: str) -> None:
    # Without VIRTUAL_ENV: uv would warn that it is not the environment it is told to use.
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | environment
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(
            f"`{' '.join(command)}` failed with exit status {done.returncode}:\n{done.stderr or done.stdout}"
        )
