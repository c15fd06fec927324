"""AWS::IAM::Role: LocalEmu's update leaves out the permissions boundary, tags and what is taken away."""

from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties, changed_tags

DEFAULT_SESSION_S = 3600


class Role(Completion):
    """A role."""

    KEPT = ("RoleName",)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Set what update leaves out; creation has it all."""
        if not before:
            return
        iam, role = clients.iam, {"RoleName": model["RoleName"]}
        if model.get("PermissionsBoundary"):
            iam.put_role_permissions_boundary(**role, PermissionsBoundary=model["PermissionsBoundary"])
        elif before.get("PermissionsBoundary"):
            iam.delete_role_permissions_boundary(**role)
        iam.update_role(
            **role,
            Description=model.get("Description", ""),
            MaxSessionDuration=int(model.get("MaxSessionDuration", DEFAULT_SESSION_S)),
        )
        added, removed = changed_tags(model, before)
        if added:
            iam.tag_role(**role, Tags=[{"Key": key, "Value": value} for key, value in added.items()])
        if removed:
            iam.untag_role(**role, TagKeys=removed)
