"""Take the hops between S3, EventBridge, SNS, SQS and CloudWatch by calls of functions.

LocalEmu's services call each other with botocore clients: each message is checked, written down as a request, signed,
parsed, routed and answered, and the answer read, to end in a Python method of the same process. Here the client calls
that method with the arguments that it was given. Policies are judged on the way that is left out, so clients
stay as they are where they are enforced.
"""

import os
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

from localemu.aws import connect
from localemu.aws.accounts import get_account_id_from_access_key_id
from localemu.aws.api import RequestContext, ServiceException
from localemu.http import Request
from localemu.services.events import provider as event_bus
from localemu.services.lambda_.event_source_mapping.pollers.sqs_poller import (
    DEFAULT_MAX_RECEIVE_COUNT,
    DEFAULT_MAX_WAIT_TIME_SECONDS,
)
from localemu.services.plugins import SERVICE_PLUGINS
from localemu.services.sns.publisher import PublishDispatcher, SqsTopicPublisher
from localemu.services.sqs.constants import (
    HEADER_LOCALEMU_SQS_OVERRIDE_MESSAGE_COUNT,
    HEADER_LOCALEMU_SQS_OVERRIDE_WAIT_TIME_SECONDS,
)
from localemu.utils.aws.arns import get_partition
from localemu.utils.xray.trace_header import TraceHeader

HOPS = {
    "cloudwatch": {"PutMetricData"},  # of every invocation of a function
    "events": {"PutEvents"},
    "sns": {"Publish"},
    "sqs": {"SendMessage", "ReceiveMessage", "DeleteMessageBatch"},
}
# Arguments of LocalEmu's pollers, the header that each becomes when it is more than SQS allows, and what SQS allows.
OVERRIDES = {
    "sqs_override_max_message_count": (HEADER_LOCALEMU_SQS_OVERRIDE_MESSAGE_COUNT, DEFAULT_MAX_RECEIVE_COUNT),
    "sqs_override_wait_time_seconds": (HEADER_LOCALEMU_SQS_OVERRIDE_WAIT_TIME_SECONDS, DEFAULT_MAX_WAIT_TIME_SECONDS),
}
RULES_AT_ONCE = 8
S3_THREADS = "s3_ev"  # what LocalEmu calls the threads that tell of changes of objects


def install() -> None:
    """Have LocalEmu's own clients take these hops directly, and a message pass from thread to thread but once."""
    _match_rules_at_once()
    _deliver_to_queues_at_once()
    if os.environ.get("IAM_ENFORCEMENT"):
        return
    finish: Callable[..., Any] = connect.InternalClientFactory._get_client_post_hook

    def post_hook(factory: connect.InternalClientFactory, client: Any) -> Any:
        client = finish(factory, client)
        if operations := HOPS.get(client.meta.service_model.service_name):
            client._make_api_call = _Hop(client, operations)
        return client

    connect.InternalClientFactory._get_client_post_hook = post_hook


def _match_rules_at_once() -> None:
    """Match an event of S3 in the thread that S3 tells of it, and others by threads that stay."""
    pool = ThreadPoolExecutor(RULES_AT_ONCE, thread_name_prefix="event-rules")

    def match(method: Callable[[Any], None], params: Any, **_: Any) -> None:
        if threading.current_thread().name.startswith(S3_THREADS):
            method(params)
        else:
            pool.submit(method, params)

    event_bus.start_worker_thread = match


def _deliver_to_queues_at_once() -> None:
    """Put a message into a subscribed queue in the thread that publishes it, which is no more than passing it on."""
    submit = PublishDispatcher._submit_notification

    def deliver(dispatcher: Any, notifier: Any, *message: Any) -> None:
        if isinstance(notifier, SqsTopicPublisher):
            notifier.publish(*message)
        else:
            submit(dispatcher, notifier, *message)

    PublishDispatcher._submit_notification = deliver


class _Hop:
    """Answer a client's calls in the place of botocore; those of other operations go their long way."""

    def __init__(self, client: Any, operations: Collection[str]) -> None:
        self._long_way: Callable[[str, dict[str, Any]], dict[str, Any]] = client._make_api_call
        self._model = client.meta.service_model
        self._region = client.meta.region_name
        self._account_id = get_account_id_from_access_key_id(client._request_signer._credentials.access_key)
        self._operations = {name: self._model.operation_model(name) for name in operations}

    def __call__(self, operation_name: str, api_params: dict[str, Any]) -> dict[str, Any]:
        """Return what a client of botocore returns of the operation."""
        operation = self._operations.get(operation_name)
        if operation is None:
            return self._long_way(operation_name, api_params)
        params, kept = dict(api_params), dict[str, Any]()
        connect._handler_create_request_parameters(params, kept)
        trace = params.pop("TraceHeader", None) or TraceHeader()  # LocalEmu's own, too
        headers = {}
        for name, (header, usual) in OVERRIDES.items():
            if (asked := params.pop(name, None) or 0) > usual:
                headers[header] = str(asked)
        call = RequestContext(Request("POST", "/", headers=headers))
        call.service, call.protocol, call.operation = self._model, self._model.protocol, operation
        call.service_request, call.internal_request_params = params, MappingProxyType(kept["_localemu"])
        call.region, call.account_id, call.partition = self._region, self._account_id, get_partition(self._region)
        call.trace_context["aws_trace_header"] = trace.ensure_root_exists()
        skeleton = SERVICE_PLUGINS.require(self._model.service_name).skeleton
        try:
            result = skeleton.dispatch_table[operation_name](call, params)
        except ServiceException:  # the long way puts it into the form that a client expects
            return self._long_way(operation_name, api_params)
        told = {"RequestId": call.request_id, "HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        filled = {name: value for name, value in (result or {}).items() if value is not None}
        return {**filled, "ResponseMetadata": told}
