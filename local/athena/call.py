"""One call of the API and what it may touch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.athena.errors import RequestError
from local.athena.executions import History
from local.athena.service import Clients, Service


@dataclass(frozen=True)
class Call:
    """One call of the API.

    Attributes:
        request: its parameters.
        backend: moto's AthenaBackend of the account and region.
        forward: hands the call to moto as it is.
    """

    request: dict[str, Any]
    backend: Any
    history: History
    service: Service
    clients: Clients
    forward: Callable[[], Any]


def find_work_group(call: Call, name: str) -> Any:
    """Return moto's workgroup.

    Raises:
        RequestError: there is none.
    """
    if name not in call.backend.work_groups:
        raise RequestError(f"WorkGroup {name} is not found.", athena_code="INVALID_INPUT")
    return call.backend.work_groups[name]
