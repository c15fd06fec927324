"""Pages of a list, as Glue's operations hand them out."""

from typing import Any

DEFAULT = 100


def page(items: list[Any], parameters: dict[str, Any], default: int = DEFAULT) -> tuple[list[Any], dict[str, str]]:
    """Return one page and, where more follow, the member of the answer that leads to the next."""
    begin = int(parameters.get("NextToken") or 0)
    end = begin + int(parameters.get("MaxResults") or default)
    return items[begin:end], {"NextToken": str(end)} if end < len(items) else {}
