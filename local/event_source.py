"""Feed functions from SQS as Lambda does: several batches at once, taken as soon as they arrive.

LocalEmu 1.3.2 polls each event source mapping in one thread that sleeps a second between polls, up to ten when the
queue was empty, runs one batch at a time and ignores ScalingConfig. This poller waits in the queue (long polling) and
runs up to MaximumConcurrency batches at once, as far as this machine's processors allow. What is a failure, what is
deleted and what is left to the queue's visibility timeout stays LocalEmu's code.
"""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localemu.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localemu.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller

LOG = logging.getLogger(__name__)

# Without a ScalingConfig Lambda begins with five batches at once and adds more as the queue grows; this is one machine:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
DEFAULT_CONCURRENCY = 5
# More functions than that only take each other's time: each takes 200 MB, small batches, and Glue's answers by itself.
MOST_CONCURRENCY = max(4, 2 * (os.cpu_count() or 1))
WAIT_S = 5  # how long a mapping that is deleted may still hold its poll open


class ConcurrentSqsPoller:
    """Hand each batch of a queue to a thread of its own; take no batch that no thread is free for.

    A FIFO queue gets one thread, which keeps its order.
    """

    def __init__(self, poller: SqsPoller, concurrency: int) -> None:
        self._poller = poller
        count = 1 if poller.source_arn.endswith(".fifo") else min(concurrency, MOST_CONCURRENCY)
        self._free = threading.BoundedSemaphore(count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="sqs-batch")

    def poll_events(self) -> None:
        """Take one batch and begin on it; return when the queue stayed empty for `WAIT_S`."""
        if not self._free.acquire(timeout=WAIT_S):
            return
        handed_over = False
        try:
            if messages := self._receive():
                self._threads.submit(self._handle, messages)
                handed_over = True
        finally:
            if not handed_over:
                self._free.release()

    def close(self) -> None:
        """Begin no more batches; those that run go on, and their messages' fate is theirs."""
        self._threads.shutdown(wait=False)

    def _receive(self) -> list[dict[str, Any]]:
        poller = self._poller
        window_s = poller.maximum_batching_window
        window = (
            {"sqs_override_wait_time_seconds": window_s} if window_s else {}
        )  # LocalEmu's own: wait for a full batch
        answer = poller.source_client.receive_message(
            QueueUrl=poller.queue_url,
            MaxNumberOfMessages=min(poller.batch_size, 10),
            WaitTimeSeconds=min(window_s or WAIT_S, 20),
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
            sqs_override_max_message_count=poller.batch_size,
            **window,
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _handle(self, messages: list[dict[str, Any]]) -> None:
        try:
            self._poller.handle_messages(messages)
        except Exception as error:  # noqa: BLE001 - the function failed: its messages come back when their visibility ends
            LOG.warning("a batch of %d from %s failed: %r", len(messages), self._poller.source_arn, error)
        finally:
            self._free.release()


def install() -> None:
    """Give every event source mapping of an SQS queue this poller from now on."""
    make_worker = EsmWorkerFactory.get_esm_worker

    def get_esm_worker(factory: EsmWorkerFactory) -> Any:
        worker = make_worker(factory)
        if isinstance(worker.poller, SqsPoller):
            scaling = factory.esm_config.get("ScalingConfig") or {}
            worker.poller = ConcurrentSqsPoller(worker.poller, scaling.get("MaximumConcurrency") or DEFAULT_CONCURRENCY)
        return worker

    EsmWorkerFactory.get_esm_worker = get_esm_worker
