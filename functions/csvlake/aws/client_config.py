"""How every client of AWS is configured."""

from typing import Any

import botocore.session
from botocore.config import Config

from csvlake import __version__

__all__ = ["make_config"]

# botocore puts the header together anew for each request, which takes a fifth of what a small one costs.
_USER_AGENT = f"csvlake/{__version__} {botocore.session.Session().user_agent()}"


def make_config(attempts: int, **more: Any) -> Config:
    """Return a configuration that asks again after throttling and errors of the service or the network.

    Args:
        attempts: at one request, the first among them.
        more: settings of `botocore.config.Config`.
    """
    return Config(retries={"mode": "standard", "max_attempts": attempts}, user_agent=_USER_AGENT, **more)
