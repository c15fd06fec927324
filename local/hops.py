"""Take the hops from S3 to EventBridge, SNS and SQS by calls of functions.

LocalEmu's services call each other with botocore clients: each message is written down as a request, signed, parsed,
routed and answered, and the answer read, to end in a Python method of the same process. Here the client calls that
method with the arguments that it was given. Policies are judged on the way that is left out, so nothing is installed
where they are enforced.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from localemu.aws.accounts import get_account_id_from_access_key_id
from localemu.aws.api import RequestContext, ServiceException
from localemu.aws.connect import InternalClientFactory
from localemu.http import Request
from localemu.services.events import provider as event_bus
from localemu.services.plugins import SERVICE_PLUGINS
from localemu.utils.aws.arns import get_partition
from localemu.utils.xray.trace_header import TraceHeader

HOPS = {"events": "PutEvents", "sns": "Publish", "sqs": "SendMessage"}
TRACE = "X-Amzn-Trace-Id"
RULES_AT_ONCE = 8
_KEPT = "csvlake-local-hop"


def install() -> None:
    """Have LocalEmu's own clients take these hops directly, and events matched by threads that stay."""
    pool = ThreadPoolExecutor(RULES_AT_ONCE, thread_name_prefix="event-rules")
    event_bus.start_worker_thread = lambda method, params, **_: pool.submit(method, params)
    if os.environ.get("IAM_ENFORCEMENT"):
        return
    finish: Callable[..., Any] = InternalClientFactory._get_client_post_hook

    def post_hook(factory: InternalClientFactory, client: Any) -> Any:
        client = finish(factory, client)
        service = client.meta.service_model.service_name
        if operation := HOPS.get(service):
            client.meta.events.register_last(f"provide-client-params.{service}.{operation}", _keep)
            client.meta.events.register_last(f"before-call.{service}.{operation}", _Hop(client))
        return client

    InternalClientFactory._get_client_post_hook = post_hook


def _keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context[_KEPT] = dict(params)


class _Hop:
    """Answer a client's call in the place of HTTP, as a handler of botocore's event before-call."""

    def __init__(self, client: Any) -> None:
        self._region = client.meta.region_name
        self._account_id = get_account_id_from_access_key_id(client._request_signer._credentials.access_key)

    def __call__(
        self, model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Return botocore's pair of an HTTP answer and what is in it; None sends the request after all."""
        service = SERVICE_PLUGINS.require(model.service_model.service_name)
        call = RequestContext(Request("POST", "/", headers=dict(params["headers"])))
        call.service, call.protocol = model.service_model, model.service_model.protocol
        call.operation, call.service_request = model, context[_KEPT]
        call.region, call.account_id, call.partition = self._region, self._account_id, get_partition(self._region)
        call.internal_request_params = MappingProxyType(context.get("_localemu") or {})
        header = TraceHeader.from_header_str(call.request.headers.get(TRACE)).ensure_root_exists()
        call.trace_context["aws_trace_header"] = header
        try:
            result = service.skeleton.dispatch_table[model.name](call, call.service_request)
        except ServiceException:  # the long way puts it into the form that a client expects
            return None
        told = {"RequestId": call.request_id, "HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return AWSResponse(params["url"], 200, HTTPHeaders(), None), {**(result or {}), "ResponseMetadata": told}
