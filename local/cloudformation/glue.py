"""AWS::Glue::Database, Table, Crawler and Job.

What Ref returns and what each change does:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Glue.html
"""

from typing import Any

from local.cloudformation.resource import Properties, Resource, changed_tags, generated_name, list_tags, pick


def _catalog(model: Properties) -> Properties:
    return pick(model, "CatalogId")


class Database(Resource):
    """A database; deleting it deletes its tables, as the API does."""

    TYPE, REF, REPLACED_BY = "AWS::Glue::Database", "Id", ("CatalogId",)

    def name(self, model: Properties, request: Any) -> None:
        """Glue keeps names in lower case, generated ones too."""
        if not model.setdefault("DatabaseInput", {}).get("Name"):
            model["DatabaseInput"]["Name"] = (
                request.previous_state["Id"] if request.previous_state else generated_name(request).lower()
            )

    def make(self, clients: Any, model: Properties) -> None:
        """Create it."""
        clients.glue.create_database(**_catalog(model), DatabaseInput=model["DatabaseInput"])
        model["Id"] = model["DatabaseInput"]["Name"].lower()

    def change(self, clients: Any, model: Properties, before: Properties) -> None:
        """Update it, or replace it where its name changed."""
        name = model["DatabaseInput"].setdefault("Name", before["Id"])
        if name.lower() != before["Id"]:
            self.make(clients, model)
            self.drop(clients, before)
        else:
            clients.glue.update_database(**_catalog(model), Name=name, DatabaseInput=model["DatabaseInput"])

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it with all that it holds."""
        clients.glue.delete_database(**_catalog(model), Name=model["Id"])


class Table(Resource):
    """A table."""

    TYPE, REF, REPLACED_BY = "AWS::Glue::Table", "Id", ("CatalogId", "DatabaseName")

    def name(self, model: Properties, request: Any) -> None:
        """Glue keeps names in lower case, generated ones too."""
        if not model["TableInput"].get("Name"):
            model["TableInput"]["Name"] = generated_name(request).lower()

    def make(self, clients: Any, model: Properties) -> None:
        """Create it."""
        clients.glue.create_table(
            **_catalog(model), DatabaseName=model["DatabaseName"], TableInput=model["TableInput"], **_open_format(model)
        )
        model["Id"] = model["TableInput"]["Name"].lower()

    def change(self, clients: Any, model: Properties, before: Properties) -> None:
        """Update it, which makes a new version, or replace it where its name changed."""
        name = model["TableInput"].setdefault("Name", before["Id"])
        if name.lower() != before["Id"]:
            self.make(clients, model)
            self.drop(clients, before)
        else:
            clients.glue.update_table(
                **_catalog(model), DatabaseName=model["DatabaseName"], TableInput=model["TableInput"]
            )

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it."""
        clients.glue.delete_table(**_catalog(model), DatabaseName=model["DatabaseName"], Name=model["Id"])


def _open_format(model: Properties) -> Properties:
    return pick(model, "OpenTableFormatInput")


def _tag(clients: Any, arn_of: str, model: Properties, before: Properties) -> None:
    """Change the tags of the Glue resource `kind/name`."""
    added, removed = changed_tags(model, before)
    if not added and not removed:
        return
    me = clients.sts.get_caller_identity()["Account"]
    arn = f"arn:aws:glue:{clients.glue.meta.region_name}:{me}:{arn_of}"
    if added:
        clients.glue.tag_resource(ResourceArn=arn, TagsToAdd=added)
    if removed:
        clients.glue.untag_resource(ResourceArn=arn, TagsToRemove=removed)


class Crawler(Resource):
    """A crawler."""

    TYPE = "AWS::Glue::Crawler"

    # What a property goes back to when it is taken out of the template.
    DEFAULTS: Properties = {  # noqa: RUF012 - never changed
        "Description": "",
        "DatabaseName": "",
        "Classifiers": [],
        "TablePrefix": "",
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "Configuration": "",
    }
    REST = ("Role", "Targets", "LineageConfiguration", "LakeFormationConfiguration", "CrawlerSecurityConfiguration")

    def _arguments(self, model: Properties) -> Properties:
        arguments = {"Name": model["Name"], **pick(model, *self.DEFAULTS, *self.REST)}
        if expression := (model.get("Schedule") or {}).get("ScheduleExpression"):
            arguments["Schedule"] = expression
        return arguments

    def make(self, clients: Any, model: Properties) -> None:
        """Create it; a schedule begins at once."""
        clients.glue.create_crawler(**self._arguments(model), Tags=list_tags(model))

    def change(self, clients: Any, model: Properties, before: Properties) -> None:
        """Update it, which Glue refuses while it runs."""
        gone = {name: value for name, value in self.DEFAULTS.items() if name in before and name not in model}
        if before.get("Schedule") and not model.get("Schedule"):
            gone["Schedule"] = ""
        clients.glue.update_crawler(**gone, **self._arguments(model))
        _tag(clients, f"crawler/{model['Name']}", model, before)

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it."""
        clients.glue.delete_crawler(Name=model["Name"])


class Job(Resource):
    """A job."""

    TYPE = "AWS::Glue::Job"

    SAME = (
        *("AllocatedCapacity", "Command", "Connections", "DefaultArguments", "Description", "ExecutionClass"),
        *("ExecutionProperty", "GlueVersion", "JobMode", "JobRunQueuingEnabled", "LogUri", "MaintenanceWindow"),
        *("MaxRetries", "NonOverridableArguments", "NotificationProperty", "NumberOfWorkers", "Role"),
        *("SecurityConfiguration", "Timeout", "WorkerType"),
    )

    def _arguments(self, model: Properties) -> Properties:
        arguments = pick(model, *self.SAME)
        for name in ("DefaultArguments", "NonOverridableArguments"):
            if name in arguments:
                arguments[name] = {key: str(value) for key, value in arguments[name].items()}
        if model.get("MaxCapacity") is not None:
            arguments["MaxCapacity"] = float(model["MaxCapacity"])
        return arguments

    def make(self, clients: Any, model: Properties) -> None:
        """Create it."""
        clients.glue.create_job(Name=model["Name"], **self._arguments(model), Tags=list_tags(model))

    def change(self, clients: Any, model: Properties, before: Properties) -> None:
        """Overwrite its whole definition, as UpdateJob does."""
        clients.glue.update_job(JobName=model["Name"], JobUpdate=self._arguments(model))
        _tag(clients, f"job/{model['Name']}", model, before)

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it."""
        clients.glue.delete_job(JobName=model["Name"])
