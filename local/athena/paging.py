"""Pages of a list: the token is the index of the next item."""

from typing import Any

from local.athena.call import Call
from local.athena.errors import RequestError


def page(call: Call, name: str, items: list[Any], default: int) -> dict[str, Any]:
    """Return a page of a list under its name."""
    start = first_index(call)
    end = start + int(call.request.get("MaxResults") or default)
    answer: dict[str, Any] = {name: items[start:end]}
    if end < len(items):
        answer["NextToken"] = str(end)
    return answer


def first_index(call: Call) -> int:
    """Return where a page begins.

    Raises:
        RequestError: the token is none of ours.
    """
    token = call.request.get("NextToken") or "0"
    if not token.isdigit():
        raise RequestError("Malformed token", athena_code="INVALID_INPUT")
    return int(token)
