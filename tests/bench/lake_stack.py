"""The ways from a CSV to Parquet on the local stack: csvlake's as deployed, and the common Lambda's."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import psutil
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.deployment import Stack
from local.server import ACCESS_KEY, SECRET_KEY
from tests.bench.lake_report import LIGHT_PEER, OURS, PEER

__all__ = ["Lane", "csvlake_lane", "light_peer_lane", "peer_lane"]

_PEER_CODE = Path(__file__).with_name("lake_peer.py")
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_CONNECTIONS = 16
_WAIT_S = 0.25
_WARM_FILES = 20


class Upload(NamedTuple):
    """A signed PUT."""

    url: str
    headers: dict[str, str]
    body: bytes


class Lane:
    """One way: where files are put, and where their Parquet objects and tables appear.

    Args:
        run: what this run's tables begin with.
        source: prefix of the CSVs.
        target: prefix of the Parquet objects.
    """

    def __init__(self, stack: Stack, name: str, run: str, source: str, target: str) -> None:
        self.stack, self.name, self.run = stack, name, run
        self.database, self.dlq_url, self.function = stack.database, stack.dlq_url, stack.function_name
        self.queue_url = stack.convert_queue_url
        self._source, self._target = source, target
        self._session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=stack.region)
        self._s3: Any = self.client("s3")
        self._sqs: Any = self.client("sqs")
        self._connections = urllib3.PoolManager(maxsize=_CONNECTIONS)
        self._began_ms = int(time.time() * 1000)

    def client(self, service: str) -> Any:
        """Return a client of the local AWS."""
        return self._session.client(service, endpoint_url=self.stack.endpoint_url)  # type: ignore[call-overload]

    def put(self, name: str, body: bytes) -> None:
        """Put one CSV."""
        self.send(self.sign(name, body))

    def sign(self, name: str, body: bytes) -> Upload:
        """Return the request that puts a CSV: what a client spends on making it, the functions could use."""
        url = f"{self.stack.endpoint_url}/{self.stack.bucket}/{self._source}{name}"
        request = AWSRequest("PUT", url, data=body)
        S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", self.stack.region).add_auth(request)
        return Upload(url, dict(request.prepare().headers), body)

    def send(self, upload: Upload) -> None:
        """Put one CSV by its signed request."""
        answer = self._connections.request("PUT", upload.url, upload.body, headers=upload.headers, retries=False)
        if answer.status != HTTPStatus.OK:
            raise OSError(f"{upload.url} answered {answer.status}")

    def warm(self) -> None:
        """Have the functions' containers started."""
        for number in range(_WARM_FILES):
            self.put(f"{self.run}_warm/{number}.csv", b"id,name,amount,day\n1,a,1.50,2026-01-31\n")
        while self.count_arrived("warm") < _WARM_FILES:
            time.sleep(_WAIT_S)

    def count_arrived(self, tables: str = "t") -> int:
        """Return how many Parquet objects stand under the tables that begin so."""
        prefix = f"{self._target}{self.run}_{tables}"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack.bucket, Prefix=prefix)
        return sum(len(page.get("Contents", [])) for page in pages)

    def count_waiting(self) -> int:
        """Return how many messages the queue holds, those that a function works on included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)
        return sum(map(int, answer["Attributes"].values()))

    def used_cpu_s(self) -> float:
        """Return the CPU seconds that the function's containers have taken so far."""
        return sum(_cpu_s(process, self.function) for process in psutil.process_iter())

    def count(self) -> dict[str, int]:
        """Return what there is afterwards, by its name."""
        glue, wanted = self.client("glue"), ["ApproximateNumberOfMessages"]
        pages = glue.get_paginator("get_tables").paginate(DatabaseName=self.database)
        tables = [table["Name"] for page in pages for table in page["TableList"]]
        tables = [table for table in tables if table.startswith(f"{self.run}_t")]
        versions = [glue.get_table_versions(DatabaseName=self.database, TableName=table) for table in tables]
        dead = self._sqs.get_queue_attributes(QueueUrl=self.dlq_url, AttributeNames=wanted)["Attributes"]
        return {
            "files": self.count_arrived(),
            "tables": len(tables),
            "table versions": sum(len(answer["TableVersions"]) for answer in versions),
            "dead letters": sum(map(int, dead.values())),
            "failed messages": self._count_logged('"failed"'),
        }

    def _count_logged(self, pattern: str) -> int:
        pages = (
            self.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=f"/aws/lambda/{self.function}", filterPattern=pattern, startTime=self._began_ms)
        )
        return sum(len(page["events"]) for page in pages)


def _cpu_s(process: psutil.Process, function: str) -> float:
    try:
        if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") != function:
            return 0.0
        times = process.cpu_times()
    except psutil.Error:  # it is gone, or another user's
        return 0.0
    return float(times.user + times.system)


@contextmanager
def csvlake_lane(stack: Stack, run: str) -> Iterator[Lane]:
    """Yield csvlake's way, as it is deployed."""
    yield Lane(stack, OURS, run, "csv-files/", "parquet-files/")


@contextmanager
def peer_lane(stack: Stack, run: str) -> Iterator[Lane]:
    """Yield the way of the common Lambda that updates the Glue catalog with every file."""
    with _deployed_peer(stack, PEER, run, {"PEER_PARTITION": "loaded_on"}) as lane:
        yield lane


@contextmanager
def light_peer_lane(stack: Stack, run: str) -> Iterator[Lane]:
    """Yield the way of the common Lambda that updates the Glue catalog only with a table's first file."""
    with _deployed_peer(stack, LIGHT_PEER, run, {}) as lane:
        yield lane


@contextmanager
def _deployed_peer(stack: Stack, name: str, run: str, variables: dict[str, str]) -> Iterator[Lane]:
    """Deploy the common Lambda for as long as it is needed, with the settings that csvlake's function has."""
    prefix = f"{run}peer"
    lane = Lane(stack, name, run, f"{prefix}/", f"{prefix}-parquet/")
    lane.database, lane.function = prefix, prefix
    sqs, events, functions, sns = (lane.client(service) for service in ("sqs", "events", "lambda", "sns"))
    lane.client("glue").create_database(DatabaseInput={"Name": prefix})
    lane.dlq_url, _ = _make_queue(sqs, f"{prefix}-dlq", {})
    redrive = {"deadLetterTargetArn": _arn(sqs, lane.dlq_url), "maxReceiveCount": 5}
    lane.queue_url, queue_arn = _make_queue(
        sqs, prefix, {"VisibilityTimeout": "900", "RedrivePolicy": json.dumps(redrive), "Policy": _queue_policy()}
    )
    mapping = _make_function(lane, functions, queue_arn, variables)
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [stack.bucket]}, "object": {"key": [{"prefix": f"{prefix}/"}]}},
    }
    events.put_rule(Name=prefix, EventPattern=json.dumps(pattern))
    topic = sns.create_topic(Name=prefix)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    events.put_targets(Rule=prefix, Targets=[{"Id": "topic", "Arn": topic}])
    try:
        yield lane
    finally:
        events.remove_targets(Rule=prefix, Ids=["topic"])
        events.delete_rule(Name=prefix)
        sns.delete_topic(TopicArn=topic)
        functions.delete_event_source_mapping(UUID=mapping)
        functions.delete_function(FunctionName=prefix)
        for url in (lane.queue_url, lane.dlq_url):
            sqs.delete_queue(QueueUrl=url)


def _make_function(lane: Lane, functions: Any, queue_arn: str, variables: dict[str, str]) -> str:
    """Create the common Lambda on its queue, and return the mapping's id."""
    like = functions.get_function_configuration(FunctionName=lane.stack.function_name)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.write(_PEER_CODE, "app.py")
    iam = lane.client("iam")
    role = iam.create_role(RoleName=lane.function, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=lane.function, PolicyName="all", PolicyDocument=json.dumps(_ALLOW_ALL))
    functions.create_function(
        FunctionName=lane.function,
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": variables},
        Layers=[layer["Arn"] for layer in like["Layers"]],
        **{name: like[name] for name in ("Runtime", "Architectures", "MemorySize", "Timeout")},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=lane.function, WaiterConfig={"Delay": 1})
    mappings = functions.list_event_source_mappings(FunctionName=lane.stack.function_name)["EventSourceMappings"]
    told = {name: mappings[0][name] for name in ("BatchSize", "ScalingConfig") if name in mappings[0]}
    made = functions.create_event_source_mapping(FunctionName=lane.function, EventSourceArn=queue_arn, **told)
    return str(made["UUID"])


def _make_queue(sqs: Any, name: str, attributes: dict[str, str]) -> tuple[str, str]:
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, _arn(sqs, url)


def _arn(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def _queue_policy() -> str:
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": "*"}]})
