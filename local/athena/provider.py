"""Athena's API on LocalEmu: queries are answered here, the rest is moto's."""

import os
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from localemu.aws.api import RequestContext, ServiceException
from localemu.aws.connect import connect_to
from localemu.aws.skeleton import DispatchTable, Skeleton
from localemu.aws.spec import load_service
from localemu.constants import INTERNAL_AWS_SECRET_ACCESS_KEY
from localemu.services.moto import _proxy_moto
from localemu.services.plugins import Service as LocalService
from localemu.services.plugins import ServiceLifecycleHook

from local.athena.call import Call
from local.athena.errors import RequestError
from local.athena.executions import History
from local.athena.operations import OPERATIONS, start_query_execution
from local.athena.query import Engine
from local.athena.service import Clients, Service
from local.server import ACCOUNT_ID

Handler = Callable[[RequestContext, Any], Any]


class AthenaProvider(ServiceLifecycleHook):  # type: ignore[misc] # LocalEmu is untyped
    """State of the API: one engine, a history for each account and region."""

    def __init__(self) -> None:
        self._trino_url = os.environ.get("LOCAL_ATHENA_TRINO_URL", "")
        self.service = Service(self._make_engine)
        self._histories: dict[tuple[str, str], History] = defaultdict(History)
        self._clients: dict[tuple[str, str], Clients] = {}
        self.service.warm()

    def on_before_state_reset(self) -> None:
        """Forget all executions."""
        self._histories.clear()

    def handler(self, operation: Callable[[Call], dict[str, Any]]) -> Handler:
        """Return LocalEmu's handler of an operation."""

        def handle(context: RequestContext, request: Any) -> Any:
            where = (context.account_id, context.region)
            if self._trino_url and context.account_id != ACCOUNT_ID and operation is start_query_execution:
                raise ApiError(RequestError(f"Trino reads the S3 and Glue of account {ACCOUNT_ID} alone"))
            call = Call(
                request=dict(request or {}),
                backend=_moto_backend(*where),
                history=self._histories[where],
                service=self.service,
                clients=self._clients_of(*where),
                forward=lambda: _proxy_moto(context, request),
            )
            try:
                return operation(call)
            except RequestError as error:
                raise ApiError(error) from error

        return handle

    def _make_engine(self) -> Engine:
        """Return the engine that the environment chooses: Trino where it names one, else the embedded one."""
        if self._trino_url:
            from local.trino.engine import TrinoEngine

            return TrinoEngine(self._trino_url)
        from local.athena.plan import EmbeddedEngine

        return EmbeddedEngine()

    def _clients_of(self, account_id: str, region: str) -> Clients:
        if (account_id, region) not in self._clients:
            connected = connect_to(
                aws_access_key_id=account_id,
                aws_secret_access_key=INTERNAL_AWS_SECRET_ACCESS_KEY,
                region_name=region,
            )
            self._clients[account_id, region] = Clients(s3=connected.s3, glue=connected.glue)
        return self._clients[account_id, region]


class ApiError(ServiceException):  # type: ignore[misc] # LocalEmu is untyped
    """A refused call, as LocalEmu serialises it: by the shape that Athena's model has for the exception."""

    status_code, sender_fault = 400, True

    def __init__(self, error: RequestError) -> None:
        super().__init__(error.message)
        self.code = error.error
        if error.athena_code:
            self.AthenaErrorCode = error.athena_code


def _moto_backend(account_id: str, region: str) -> Any:
    import moto.backends

    return moto.backends.get_backend("athena")[account_id][region]


def create_service() -> LocalService:
    """Return the service that LocalEmu serves."""
    model = load_service("athena")
    provider = AthenaProvider()
    table: DispatchTable = {
        name: provider.handler(OPERATIONS[name]) if name in OPERATIONS else _proxy_moto
        for name in model.operation_names
    }
    return LocalService(name="athena", skeleton=Skeleton(model, table), lifecycle_hook=provider)
