"""AWS::Athena::WorkGroup and NamedQuery.

What Ref and Fn::GetAtt return and what each change does:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Athena.html
"""

from typing import Any

from local.cloudformation.resource import Properties, Resource, changed_tags, pick


class WorkGroup(Resource):
    """A workgroup."""

    TYPE = "AWS::Athena::WorkGroup"

    def make(self, clients: Any, model: Properties) -> None:
        """Create it; a new one is always enabled, so a disabled one is updated after."""
        tags = {"Tags": model["Tags"]} if model.get("Tags") else {}
        configuration = (
            {"Configuration": model["WorkGroupConfiguration"]} if model.get("WorkGroupConfiguration") else {}
        )
        clients.athena.create_work_group(Name=model["Name"], **pick(model, "Description"), **configuration, **tags)
        if model.get("State") == "DISABLED":
            clients.athena.update_work_group(WorkGroup=model["Name"], State="DISABLED")
        self._set_attributes(clients, model)

    def change(self, clients: Any, model: Properties, before: Properties) -> None:
        """Update it; what is taken out of the template is removed or goes back to its default."""
        clients.athena.update_work_group(
            WorkGroup=model["Name"],
            Description=model.get("Description", ""),
            State=model.get("State", "ENABLED"),
            ConfigurationUpdates=_updates(
                model.get("WorkGroupConfiguration") or {}, before.get("WorkGroupConfiguration") or {}
            ),
        )
        added, removed = changed_tags(model, before)
        if added or removed:
            me = clients.sts.get_caller_identity()["Account"]
            arn = f"arn:aws:athena:{clients.athena.meta.region_name}:{me}:workgroup/{model['Name']}"
            if added:
                tags = [{"Key": key, "Value": value} for key, value in added.items()]
                clients.athena.tag_resource(ResourceARN=arn, Tags=tags)
            if removed:
                clients.athena.untag_resource(ResourceARN=arn, TagKeys=removed)
        self._set_attributes(clients, model)

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it; one that holds named queries or history only with RecursiveDeleteOption."""
        recursive = str(model.get("RecursiveDeleteOption", "false")).lower() == "true"
        clients.athena.delete_work_group(WorkGroup=model["Name"], RecursiveDeleteOption=recursive)

    @staticmethod
    def _set_attributes(clients: Any, model: Properties) -> None:
        group = clients.athena.get_work_group(WorkGroup=model["Name"])["WorkGroup"]
        if "CreationTime" in group:
            model["CreationTime"] = str(int(group["CreationTime"].timestamp()))
        engine = group.get("Configuration", {}).get("EngineVersion", {})
        version = engine.get("EffectiveEngineVersion") or engine.get("SelectedEngineVersion")
        if version:
            configuration = model.setdefault("WorkGroupConfiguration", {})
            configuration.setdefault("EngineVersion", {})["EffectiveEngineVersion"] = version


PLAIN = (
    *("AdditionalConfiguration", "BytesScannedCutoffPerQuery", "CustomerContentEncryptionConfiguration"),
    *("EnforceWorkGroupConfiguration", "ExecutionRole", "PublishCloudWatchMetricsEnabled", "RequesterPaysEnabled"),
)
DEFAULTS = {
    "EnforceWorkGroupConfiguration": True,
    "PublishCloudWatchMetricsEnabled": False,
    "RequesterPaysEnabled": False,
}
REMOVABLE = ("BytesScannedCutoffPerQuery", "CustomerContentEncryptionConfiguration")
RESULT_PARTS = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration")


def _updates(wanted: Properties, had: Properties) -> Properties:
    """Return UpdateWorkGroup's ConfigurationUpdates from one configuration to another."""
    updates = pick(wanted, *PLAIN)
    for name in had.keys() - wanted.keys():
        if name in DEFAULTS:
            updates[name] = DEFAULTS[name]
        elif name in REMOVABLE:
            updates[f"Remove{name}"] = True
    if selected := (wanted.get("EngineVersion") or {}).get("SelectedEngineVersion"):
        updates["EngineVersion"] = {"SelectedEngineVersion": selected}
    elif had.get("EngineVersion"):
        updates["EngineVersion"] = {"SelectedEngineVersion": "AUTO"}
    result, result_before = wanted.get("ResultConfiguration") or {}, had.get("ResultConfiguration") or {}
    parts = pick(result, *RESULT_PARTS)
    parts |= {f"Remove{name}": True for name in RESULT_PARTS if name in result_before and name not in result}
    if parts:
        updates["ResultConfigurationUpdates"] = parts
    return updates


class NamedQuery(Resource):
    """A saved query; any change makes a new one."""

    TYPE, REF = "AWS::Athena::NamedQuery", "NamedQueryId"
    REPLACED_BY = ("Name", "Database", "Description", "QueryString", "WorkGroup")

    def name(self, model: Properties, request: Any) -> None:
        """Name it by its logical id where the template does not."""
        if not model.get("Name"):
            model["Name"] = request.logical_resource_id

    def make(self, clients: Any, model: Properties) -> None:
        """Save it and keep its id."""
        made = clients.athena.create_named_query(
            **pick(model, "Name", "Description", "Database", "QueryString", "WorkGroup")
        )
        model["NamedQueryId"] = made["NamedQueryId"]

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it."""
        clients.athena.delete_named_query(NamedQueryId=model["NamedQueryId"])
