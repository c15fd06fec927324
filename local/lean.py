"""Spare LocalEmu work whose results nobody here asks for; all of it was done anew for every single request.

What a request itself comes to stays as it is.
"""

import gc
from typing import Any

from localemu import config
from localemu.aws.handlers.internal import LocalemuResourceHandler
from localemu.constants import INTERNAL_RESOURCE_PATH
from localemu.services.cloudtrail import recording_hook


def install() -> None:
    """Leave out what nobody reads."""
    # Of every request a record for CloudTrail's LookupEvents, and a thread that waits a minute to put it on the bus.
    recording_hook.register_recording_hook = lambda: None
    recording_hook.unregister_recording_hook()
    # For LocalEmu's own tests: three times a request it looks into the environment whether one runs.
    config.is_collect_metrics_mode = lambda: False
    _look_up_own_pages_only()
    # What LocalEmu has imported is there for good; Python would look through all of it for cycles time and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _look_up_own_pages_only() -> None:
    """Ask the table of LocalEmu's own pages only for paths that begin as all of them do."""
    serve = LocalemuResourceHandler.__call__

    def serve_own(handler: Any, chain: Any, context: Any, response: Any) -> None:
        if context.request.path.startswith(INTERNAL_RESOURCE_PATH):
            serve(handler, chain, context, response)

    LocalemuResourceHandler.__call__ = serve_own
