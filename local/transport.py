"""Let loopback count as TLS where policies ask (`up --iam`).

Buckets, topics and queues rightly deny plain HTTP, and on this machine there is nothing else. All other conditions are
judged as they are.
"""

from typing import Any

from localemu.services.iam_enforcement import enforcer


def install() -> None:
    """Answer `aws:SecureTransport` with true from now on."""
    build = enforcer._build_conditions

    def build_conditions(context: Any, caller: Any) -> dict[str, Any]:
        return {**build(context, caller), "aws:SecureTransport": "true"}

    enforcer._build_conditions = build_conditions
