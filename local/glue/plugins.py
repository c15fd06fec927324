"""Entry points for LocalEmu: put our operations into moto's Glue before it serves."""

import json
import threading
from typing import Any

from localemu.runtime import hooks

# Glue keeps these in lower case and finds them in any: https://docs.aws.amazon.com/athena/latest/ug/glue-best-practices.html
LOWERED = ("DatabaseName", "TableName")
_stopped = threading.Event()


def lower_names(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with the names of databases and tables in lower case; crawlers' definitions stay."""
    if "Crawler" in operation:
        return parameters
    for name in LOWERED:
        if isinstance(parameters.get(name), str):
            parameters[name] = parameters[name].lower()
    for holder in ("TableInput", "DatabaseInput"):
        if isinstance(parameters.get(holder), dict) and "Name" in parameters[holder]:
            parameters[holder]["Name"] = parameters[holder]["Name"].lower()
    if "Name" in parameters and operation.endswith(("Database", "Table")):
        parameters["Name"] = parameters["Name"].lower()
    return parameters


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def complete_glue() -> None:
    """Replace operations, serve one at a time, and begin to watch the crawlers' schedules."""
    from moto.glue.responses import GlueResponse

    from local.glue import catalog, crawlers
    from local.glue.scheduler import run_scheduler
    from local.glue.statistics import StatisticsOperations

    for operations in (catalog.CatalogOperations, crawlers.CrawlerOperations, StatisticsOperations):
        for name, method in vars(operations).items():
            if callable(method):
                setattr(GlueResponse, name, method)
    catalog.install()
    crawlers.install()
    _serve_one_at_a_time(GlueResponse)
    threading.Thread(target=run_scheduler, args=(_stopped,), name="crawler-schedules", daemon=True).start()


def _serve_one_at_a_time(response: Any) -> None:
    """Let no operation see another's half: LocalEmu serves on many threads, moto's Glue locks nothing.

    What changed the catalog is told once it is answered.
    """
    from local.glue.changes import tell

    call, lock = response.call_action, threading.RLock()

    def call_action(self: Any) -> Any:
        with lock:
            answer = call(self)
        if answer[0] == 200:
            tell(self._get_action(), self.parameters, self.current_account, self.region)
        return answer

    response.call_action = call_action
    response.parameters = property(lambda self: lower_names(self._get_action(), json.loads(self.body)))


@hooks.on_infra_shutdown()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def end_schedules() -> None:
    """Start no crawler any more."""
    _stopped.set()
