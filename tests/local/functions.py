"""Tiny Lambda functions for tests, made through Lambda's own API."""

import io
import json
import uuid
import zipfile
from typing import Any

import boto3

ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def make_function(session: boto3.Session, endpoint_url: str, source: str, **settings: Any) -> str:
    """Create a function whose app.handler is in `source`, wait until it is active, and return its name."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", source)
    iam = session.client("iam", endpoint_url=endpoint_url)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ASSUME))["Role"]["Arn"]
    client = session.client("lambda", endpoint_url=endpoint_url)
    defaults: dict[str, Any] = {"Runtime": "python3.13", "Timeout": 10, "MemorySize": 256}
    client.create_function(
        FunctionName=name,
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        **(defaults | settings),
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return name
