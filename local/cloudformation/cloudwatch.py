"""AWS::CloudWatch::Dashboard, which LocalEmu lacks, and Alarm, which it cannot update."""

import json
from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties, Resource, changed_tags

ATTRIBUTES = ("Arn", "Id", "Tags")
NUMBERS = ("Threshold",)  # LocalEmu's clients turn text into whole numbers, not into these


class Dashboard(Resource):
    """A dashboard."""

    TYPE, REF, REPLACED_BY = "AWS::CloudWatch::Dashboard", "DashboardName", ("DashboardName",)

    def make(self, clients: Any, model: Properties) -> None:
        """Put it."""
        body = model["DashboardBody"]
        clients.cloudwatch.put_dashboard(
            DashboardName=model["DashboardName"], DashboardBody=body if isinstance(body, str) else json.dumps(body)
        )

    def change(self, clients: Any, model: Properties, _before: Properties) -> None:
        """Put it again."""
        self.make(clients, model)

    def drop(self, clients: Any, model: Properties) -> None:
        """Delete it."""
        clients.cloudwatch.delete_dashboards(DashboardNames=[model["DashboardName"]])


class Alarm(Completion):
    """An alarm; to put it again replaces its definition whole."""

    UPDATES, KEPT = True, ("AlarmName",)

    def create(self, request: Any) -> Any:
        """Create it, with a threshold that comes from a parameter too."""
        _to_numbers(request.desired_state)
        return super().create(request)

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Put the alarm again where it changed, and set its tags."""
        if before:
            _to_numbers(model)
            definition = {name: value for name, value in model.items() if name not in ATTRIBUTES}
            clients.cloudwatch.put_metric_alarm(**definition)
        added, removed = changed_tags(model, before)
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            clients.cloudwatch.tag_resource(ResourceARN=model["Arn"], Tags=tags)
        if removed:
            clients.cloudwatch.untag_resource(ResourceARN=model["Arn"], TagKeys=removed)


def _to_numbers(model: Properties) -> None:
    for name in NUMBERS:
        if model.get(name) is not None:
            model[name] = float(model[name])
