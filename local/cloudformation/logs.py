"""AWS::Logs::LogGroup: LocalEmu drops everything but the name, and has no update."""

from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties, changed_tags


class LogGroup(Completion):
    """A log group with its retention, key and tags."""

    UPDATES, KEPT = True, ("LogGroupName",)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Set or unset each; without RetentionInDays logs are kept for ever."""
        logs, name = clients.logs, model["LogGroupName"]
        if model.get("RetentionInDays"):
            logs.put_retention_policy(logGroupName=name, retentionInDays=int(model["RetentionInDays"]))
        elif before.get("RetentionInDays"):
            logs.delete_retention_policy(logGroupName=name)
        if model.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=name, kmsKeyId=model["KmsKeyId"])
        elif before.get("KmsKeyId"):
            logs.disassociate_kms_key(logGroupName=name)
        added, removed = changed_tags(model, before)
        if added:
            logs.tag_log_group(logGroupName=name, tags=added)
        if removed:
            logs.untag_log_group(logGroupName=name, tags=removed)
