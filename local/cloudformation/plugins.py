"""Entry points for LocalEmu: each resource type is one, and the completion of LocalEmu's own types another."""

import importlib
from typing import Any

from localemu.runtime import hooks
from localemu.services.cloudformation.resource_provider import CloudFormationResourceProviderPlugin


def _plugin(resource_type: str, path: str) -> type:
    """Return the plugin class of a resource type, which is imported when a template first uses it."""

    class Plugin(CloudFormationResourceProviderPlugin):  # type: ignore[misc] # LocalEmu is untyped
        name = resource_type

        def __init__(self) -> None:
            self.factory: Any = None

        def load(self, *_args: Any, **_kwargs: Any) -> None:
            module, _, attribute = path.partition(":")
            self.factory = getattr(importlib.import_module(module), attribute)

    return Plugin


GlueDatabase = _plugin("AWS::Glue::Database", "local.cloudformation.glue:Database")
GlueTable = _plugin("AWS::Glue::Table", "local.cloudformation.glue:Table")
GlueCrawler = _plugin("AWS::Glue::Crawler", "local.cloudformation.glue:Crawler")
GlueJob = _plugin("AWS::Glue::Job", "local.cloudformation.glue:Job")
AthenaWorkGroup = _plugin("AWS::Athena::WorkGroup", "local.cloudformation.athena:WorkGroup")
AthenaNamedQuery = _plugin("AWS::Athena::NamedQuery", "local.cloudformation.athena:NamedQuery")
CloudWatchDashboard = _plugin("AWS::CloudWatch::Dashboard", "local.cloudformation.cloudwatch:Dashboard")


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def complete_cloudformation() -> None:
    """Fill the gaps of LocalEmu's own resource types and of its engine before it serves."""
    from local.cloudformation import completion, engine, sqs

    completion.install()
    engine.install()
    sqs.install()
