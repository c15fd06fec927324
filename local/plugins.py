"""Entry points: what LocalEmu finds by the metadata of the distribution `csvlake-local`.

Nothing heavy is imported here, since LocalEmu imports every plugin's module at its start.
"""

from typing import Any

from localemu.runtime import hooks
from localemu.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):  # type: ignore[misc] # LocalEmu is untyped
    """Lambda functions in processes of this machine (LAMBDA_RUNTIME_EXECUTOR=process)."""

    name = "process"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the executor's class."""
        from local.executor.provider import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def poll_queues_concurrently() -> None:
    """Replace LocalEmu's SQS pollers before it serves."""
    from local.event_source import install

    install()


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def compare_conditions_as_text() -> None:
    """Decide CloudFormation's conditions as CloudFormation does, before it serves."""
    from local.cloudformation.equals import install

    install()


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def judge_policies_rightly() -> None:
    """Correct the enforcement of IAM policies, before it serves."""
    from local.iam import install

    install()


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def leave_out_the_unread() -> None:
    """Leave out work for each request that nobody here reads the results of, before it serves."""
    from local.lean import install

    install()


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalEmu is untyped
def take_hops_directly() -> None:
    """Let events pass from service to service by calls of functions, before it serves."""
    from local.hops import install

    install()
