"""LocalEmu's entry point for this Athena (PROVIDER_OVERRIDE_ATHENA=embedded); heavy imports wait for its use."""

from typing import Any

from localemu.services.plugins import aws_provider


@aws_provider(api="athena", name="embedded")  # type: ignore[untyped-decorator] # LocalEmu is untyped
def embedded() -> Any:
    """Return the service."""
    from local.athena.provider import create_service

    return create_service()
