"""AWS::Events::Rule: LocalEmu drops tags and the role, and has no update."""

import json
from typing import Any

from local.cloudformation.completion import Completion
from local.cloudformation.resource import Properties, changed_tags, pick


class Rule(Completion):
    """A rule with its targets."""

    UPDATES = True

    def apply(self, clients: Any, model: Properties, before: Properties) -> None:
        """Put rule and targets again, take away targets that are gone, and set tags."""
        events = clients.events
        bus = pick(model, "EventBusName")
        name = model["Id"].rsplit("|", maxsplit=1)[-1]
        if before or model.get("RoleArn"):
            rule = pick(model, "ScheduleExpression", "State", "Description", "RoleArn")
            if pattern := model.get("EventPattern"):
                rule["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
            events.put_rule(Name=name, **bus, **rule)
        if before:
            targets = model.get("Targets") or []
            gone = {target["Id"] for target in before.get("Targets") or []} - {target["Id"] for target in targets}
            if gone:
                events.remove_targets(Rule=name, **bus, Ids=sorted(gone))
            if targets:
                events.put_targets(Rule=name, **bus, Targets=targets)
        added, removed = changed_tags(model, before)
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            events.tag_resource(ResourceARN=model["Arn"], Tags=tags)
        if removed:
            events.untag_resource(ResourceARN=model["Arn"], TagKeys=removed)
