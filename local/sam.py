"""Run the AWS SAM CLI so that nothing of the user's AWS set-up reaches it: it can only mean the local AWS."""

import os
import subprocess
from pathlib import Path

from local.server import ACCESS_KEY, REGION, SECRET_KEY
from local.state import ROOT, State
from local.tools import Say, ensure_sam, find_uv


class SamError(RuntimeError):
    """SAM failed; the message has the end of what it said."""


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """Give the variables that point AWS's SDKs and command line tools at the local AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run_sam(arguments: list[str], endpoint_url: str, state: State, say: Say) -> None:
    """Run `sam` in the repository; what it says is added to the deployment log.

    Raises:
        SamError: it failed.
        ToolError: it or uv could not be had.
    """
    sam = ensure_sam(say)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    environment = {
        **inherited,
        **aws_environment(endpoint_url),
        "AWS_CONFIG_FILE": os.devnull,  # a profile of the user's must not redirect the deployment
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": f"{Path(find_uv()).parent}:{os.environ['PATH']}",  # the layer is packed with uv
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
        "__SAM_CLI_APP_DIR": str(state.folder / "sam"),
    }
    with state.deploy_log.open("ab") as log:
        done = subprocess.run([str(sam), *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
    if done.returncode:
        said = "\n".join(state.deploy_log.read_text(errors="replace").splitlines()[-25:])
        raise SamError(f"`sam {arguments[0]}` failed. The end of {state.deploy_log}:\n{said}")
