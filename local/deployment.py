"""Deploy template.yaml onto the local AWS with the real `sam deploy`, and write down what came of it."""

import json
import shlex
import tomllib
from dataclasses import asdict, dataclass

import boto3

from local.artifacts import build_artifacts, override_parameters
from local.sam import aws_environment, run_sam
from local.server import ACCESS_KEY, ACCOUNT_ID, DUCKDB, REGION, SECRET_KEY, Server
from local.state import ROOT, State
from local.tools import Say


class DeploymentError(RuntimeError):
    """The stack is not what was to be deployed."""


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
    event_dlq_url: str = ""  # of a stack that was deployed before it was written down
    engine: str = DUCKDB


OUTPUTS = {
    "bucket": "Bucket",
    "database": "Database",
    "workgroup": "WorkGroup",
    "convert_queue_url": "ConvertQueueUrl",
    "dlq_url": "ConvertDlqUrl",
    "event_dlq_url": "EventDlqUrl",
    "function_name": "FunctionName",
    "crawler_name": "CrawlerName",
    "topic_arn": "TopicArn",
}


def deploy(server: Server, state: State, parameters: dict[str, str], say: Say) -> Stack:
    """Build, deploy and write stack.json and env; where all is deployed already, say so in seconds.

    Args:
        server: the running LocalEmu.
        state: where the two files go.
        parameters: the template's, over their defaults.
        say: told of each step.

    Raises:
        SamError: SAM failed.
        DeploymentError: the stack lacks one of the outputs.
        ToolError: SAM or uv could not be had.
    """
    state.deploy_log.write_bytes(b"")
    template = build_artifacts(state, parameters, say)
    say("sam deploy")
    # SAM would look for samconfig.toml beside the built template.
    command = ["deploy", "--config-file", str(ROOT / "samconfig.toml"), "--template-file", str(template)]
    command += ["--region", REGION, "--no-progressbar", "--no-resolve-s3", "--s3-bucket", _make_artifact_bucket(server)]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    run_sam(command + override_parameters(parameters), server.endpoint_url, state, say)
    stack = _read_outputs(server)
    write_stack(stack, state)
    return stack


def write_stack(stack: Stack, state: State) -> None:
    """Write down what is deployed, for programs and for shells."""
    state.stack_json.write_text(json.dumps(asdict(stack), indent=2) + "\n")
    state.env.write_text(_shell_exports(stack))


def find_stack(server: Server, state: State) -> Stack | None:
    """Return what is deployed on this server, or None when the deployment has not ended well."""
    if not state.stack_json.exists():
        return None
    stack = Stack(**json.loads(state.stack_json.read_text()))
    return stack if stack.endpoint_url == server.endpoint_url else None


def _make_artifact_bucket(server: Server) -> str:
    """Make the bucket for SAM's uploads: with --resolve-s3 SAM makes one, and waits 15 s for that."""
    name = f"sam-artifacts-{ACCOUNT_ID}"
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    session.client("s3", endpoint_url=server.endpoint_url).create_bucket(Bucket=name)
    return name


def _read_outputs(server: Server) -> Stack:
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    client = session.client("cloudformation", endpoint_url=server.endpoint_url)
    name = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]["global"]["parameters"]["stack_name"]
    described = client.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if lacking := sorted(set(OUTPUTS.values()) - set(outputs)):
        raise DeploymentError(f"the stack {name} lacks the outputs {', '.join(lacking)} ({described['StackStatus']})")
    values = {field: outputs[output] for field, output in OUTPUTS.items()}
    fixed = {"endpoint_url": server.endpoint_url, "region": REGION, "account_id": ACCOUNT_ID, "engine": server.engine}
    return Stack(**fixed, **values)


def _shell_exports(stack: Stack) -> str:
    exports = aws_environment(stack.endpoint_url) | {
        f"CSVLAKE_{name.upper()}": value
        for name, value in asdict(stack).items()
        if name not in ("endpoint_url", "region", "account_id")
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items())
