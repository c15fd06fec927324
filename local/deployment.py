"""Deploy template.yaml onto the local AWS with the real `sam build` and `sam deploy`; write down what came of it."""

import json
import os
import shlex
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import boto3

from local.server import ACCESS_KEY, ACCOUNT_ID, REGION, SECRET_KEY, Server
from local.state import ROOT, State
from local.tools import Say, ensure_sam, find_uv


class DeploymentError(RuntimeError):
    """SAM failed; the message has the end of what it said."""


@dataclass(frozen=True)
class Stack:
    """What is deployed: the content of stack.json, which other programs read. Never rename a field."""

    endpoint_url: str
    region: str
    account_id: str
    bucket: str
    database: str
    workgroup: str
    convert_queue_url: str
    dlq_url: str
    function_name: str
    crawler_name: str
    topic_arn: str


OUTPUTS = {
    "bucket": "Bucket",
    "database": "Database",
    "workgroup": "WorkGroup",
    "convert_queue_url": "ConvertQueueUrl",
    "dlq_url": "ConvertDlqUrl",
    "function_name": "FunctionName",
    "crawler_name": "CrawlerName",
    "topic_arn": "TopicArn",
}


def deploy(server: Server, state: State, parameters: Mapping[str, str], say: Say) -> Stack:
    """Build, deploy and write stack.json and env; where all is deployed already, say so in seconds.

    Args:
        server: the running LocalEmu.
        state: where the two files go.
        parameters: the template's, over their defaults.
        say: told of each step.

    Raises:
        DeploymentError: SAM failed, or the stack lacks one of the outputs.
        ToolError: SAM or uv could not be had.
    """
    sam = ensure_sam(say)
    state.deploy_log.write_bytes(b"")
    template = state.build / "template.yaml"
    say("sam build" if template.exists() else "sam build (the first one packs the dependencies, about a minute)")
    _sam(sam, ["build", "--build-dir", str(state.build), "--cache-dir", str(state.build_cache)], server, state)
    say("sam deploy")
    # SAM would look for samconfig.toml beside the built template.
    command = ["deploy", "--config-file", str(ROOT / "samconfig.toml"), "--template-file", str(template)]
    command += ["--region", REGION, "--no-progressbar"]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    if parameters:
        command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    _sam(sam, command, server, state)
    stack = _read_outputs(server)
    state.stack_json.write_text(json.dumps(asdict(stack), indent=2) + "\n")
    state.env.write_text(_shell_exports(stack))
    return stack


def find_stack(server: Server, state: State) -> Stack | None:
    """Return what is deployed on this server, or None when the deployment has not ended well."""
    if not state.stack_json.exists():
        return None
    stack = Stack(**json.loads(state.stack_json.read_text()))
    return stack if stack.endpoint_url == server.endpoint_url else None


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


def _sam(sam: Path, arguments: list[str], server: Server, state: State) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    environment = {
        **inherited,
        **aws_environment(server.endpoint_url),
        "AWS_CONFIG_FILE": os.devnull,  # a profile of the user's must not redirect the deployment
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PATH": f"{Path(find_uv()).parent}:{os.environ['PATH']}",  # the layer is packed with uv
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "__SAM_CLI_APP_DIR": str(state.folder / "sam"),
    }
    with state.deploy_log.open("ab") as log:
        done = subprocess.run([str(sam), *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
    if done.returncode:
        said = "\n".join(state.deploy_log.read_text(errors="replace").splitlines()[-25:])
        raise DeploymentError(f"`sam {arguments[0]}` failed. The end of {state.deploy_log}:\n{said}")


def _read_outputs(server: Server) -> Stack:
    client = boto3.client(
        "cloudformation",
        endpoint_url=server.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    name = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]["global"]["parameters"]["stack_name"]
    described = client.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if lacking := sorted(set(OUTPUTS.values()) - set(outputs)):
        raise DeploymentError(f"the stack {name} lacks the outputs {', '.join(lacking)} ({described['StackStatus']})")
    values = {field: outputs[output] for field, output in OUTPUTS.items()}
    return Stack(endpoint_url=server.endpoint_url, region=REGION, account_id=ACCOUNT_ID, **values)


def _shell_exports(stack: Stack) -> str:
    exports = aws_environment(stack.endpoint_url) | {
        f"CSVLAKE_{name.upper()}": value
        for name, value in asdict(stack).items()
        if name not in ("endpoint_url", "region", "account_id")
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items())
