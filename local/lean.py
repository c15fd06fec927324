"""Spare LocalEmu work whose results nobody here can ask for; all of it is done anew for every single request.

What a request itself comes to stays as it is.
"""

from functools import lru_cache

from localemu import config
from localemu.services.cloudtrail import recording_hook
from twisted.web import http


def install() -> None:
    """Leave out what nobody reads, and remember what is worked out again and again."""
    # Of every request a record for CloudTrail's LookupEvents, and a thread that waits a minute to put it on the bus.
    recording_hook.register_recording_hook = lambda: None
    recording_hook.unregister_recording_hook()
    # For LocalEmu's own tests: three times a request it looks into the environment whether one runs.
    config.is_collect_metrics_mode = lambda: False
    # Twisted reads the content type of each POST with Python's parser of e-mail, which takes longer than most requests.
    http._parseContentType = lru_cache(http._parseContentType)
