"""Spare LocalEmu work whose results nobody here asks for; all of it was done anew for every single request.

What a request itself comes to stays as it is.
"""

import gc
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from localemu import config
from localemu.aws.handlers.internal import LocalemuResourceHandler
from localemu.aws.handlers.logging import ResponseLogger
from localemu.aws.protocol.serializer import ResponseSerializer
from localemu.constants import INTERNAL_RESOURCE_PATH
from localemu.services.cloudtrail import recording_hook
from localemu.services.events.provider import EventsProvider
from localemu.utils import event_matcher
from moto.core import responses
from werkzeug.datastructures import Headers


def install() -> None:
    """Leave out what nobody reads."""
    # Of every request a record for CloudTrail's LookupEvents, and a thread that waits a minute to put it on the bus.
    recording_hook.register_recording_hook = lambda: None
    recording_hook.unregister_recording_hook()
    # For LocalEmu's own tests: three times a request it looks into the environment whether one runs.
    config.is_collect_metrics_mode = lambda: False
    _look_up_own_pages_only()
    _choose_mime_types_once()
    _log_failures_only()
    _let_pools_be()
    _match_events_at_less_cost()
    _find_headers_by_their_usual_names()
    # moto looks through all members of a service's class at every call.
    responses.method_names_from_class = lru_cache(responses.method_names_from_class)
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


def _choose_mime_types_once() -> None:
    """Decide what Accept and Content-Type come to once for every pair of them: most requests have the same."""
    choose, known = ResponseSerializer._get_mime_type, {}

    def choose_once(serializer: Any, headers: Any) -> str:
        key = (type(serializer), headers and headers.get("Accept"), headers and headers.get("Content-Type"))
        if key not in known:
            known[key] = choose(serializer, headers)
        return str(known[key])

    ResponseSerializer._get_mime_type = choose_once


def _log_failures_only() -> None:
    """Write no line for a request that succeeds, nor put together what only LocalEmu's trace level shows of it."""
    log = ResponseLogger._log

    def log_failure(logger: Any, context: Any, response: Any) -> None:
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            log(logger, context, response)

    ResponseLogger._log = log_failure


def _let_pools_be() -> None:
    """Look through a pool's threads when it starts one, not whenever it is given work."""
    adjust = ThreadPoolExecutor._adjust_thread_count

    def adjust_if_needed(pool: Any) -> None:
        if not pool._idle_semaphore.acquire(timeout=0) and len(pool._threads) < pool._max_workers:
            adjust(pool)

    ThreadPoolExecutor._adjust_thread_count = adjust_if_needed  # type: ignore[assignment,method-assign]


def _match_events_at_less_cost() -> None:
    """Read each rule's pattern once, and write nothing down of rules that an event does not match."""
    compiler = event_matcher._event_pattern_compiler
    read_any, read_text = compiler.compile_event_pattern, lru_cache(maxsize=256)(compiler.compile_event_pattern)
    compiler.compile_event_pattern = lambda event_pattern: (read_text if isinstance(event_pattern, str) else read_any)(
        event_pattern
    )
    process = EventsProvider._process_rules

    def process_matching(provider: Any, rule: Any, region: str, account_id: str, event: Any, trace: Any) -> None:
        if event_matcher.matches_event(rule.event_pattern, event):
            process(provider, rule, region, account_id, event, trace)

    EventsProvider._process_rules = process_matching


def _find_headers_by_their_usual_names() -> None:
    """Compare names of headers as they are before all of them are put in lower case, and make less of a missing one."""

    def get_key(headers: Any, key: str) -> str:
        for name, value in headers._list:
            if name == key:
                return str(value)
        lower, size = key.lower(), len(key)
        for name, value in headers._list:
            if len(name) == size and name.lower() == lower:
                return str(value)
        raise KeyError(key)

    Headers._get_key = get_key  # type: ignore[assignment,method-assign]
