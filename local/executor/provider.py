"""Stand between LocalEmu and `Instance`: LocalEmu's interface for what executes a function."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from localemu.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localemu.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from local.executor.instance import Instance
from local.executor.runtime_api import Invocation
from local.executor.settings import InstanceSettings

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


class ProcessRuntimeExecutor(RuntimeExecutor):  # type: ignore[misc] # LocalEmu is untyped
    """One execution environment, chosen by LAMBDA_RUNTIME_EXECUTOR=process.

    LocalEmu makes one for each concurrent invocation, keeps it for the next and stops it when idle for ten minutes.
    """

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002 - LocalEmu's name
        super().__init__(id, function_version)
        self._instance: Instance | None = None

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code and the layers, once for all instances.

        Raises:
            ValueError: the function wants another Python than ours; its state becomes Failed with this reason.
        """
        config = function_version.config
        if config.runtime != RUNTIME:
            raise ValueError(
                f"the local AWS runs {RUNTIME} only, not {config.runtime} (package type {config.package_type})"
            )
        for archive in (config.code, *(layer.code for layer in config.layers or [])):
            if archive:
                archive.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Keep the unpacked code: after a change of configuration the next version shares it.

        LocalEmu removes it with the function (`S3Code.destroy`), and all of it goes when LocalEmu ends.
        """

    def start(self, env_vars: dict[str, Any]) -> None:
        """Start the process without waiting: an error of its initialisation is the first invocation's answer."""
        self.prepare_version(self.function_version)
        config = self.function_version.config
        settings = InstanceSettings(
            python=Path(os.environ["LOCAL_LAMBDA_PYTHON"]),
            runtime=RUNTIME,
            handler=config.handler,
            code=config.code.get_unzipped_code_location(),
            layers=[layer.code.get_unzipped_code_location() for layer in config.layers or []],
            environment={name: str(value) for name, value in env_vars.items()}
            | {"AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}"},
            folder=Path(tempfile.gettempdir()) / "instances" / self.id,
            memory_mb=config.memory_size,
            version=self.function_version.id.qualifier,
        )
        self._instance = Instance(settings)
        self._instance.start()

    def stop(self) -> None:
        """End the process."""
        if self._instance:
            self._instance.stop()

    def invoke(self, payload: dict[str, str], function_timeout: int | None = None) -> InvocationResult:
        """Run one invocation to its end; a failure of the function is a result, not an exception."""
        if self._instance is None:
            raise RuntimeError("invoked before it was started")
        timeout_s = float(function_timeout or self.function_version.config.timeout)
        result = self._instance.invoke(
            Invocation(
                request_id=payload["invoke-id"],
                function_arn=payload["invoked-function-arn"],
                trace_id=payload["trace-id"],
                payload=payload["payload"].encode(),
                timeout_s=timeout_s,
            )
        )
        return InvocationResult(
            request_id=payload["invoke-id"], payload=result.payload, is_error=result.is_error, logs=result.logs
        )

    def get_logs(self) -> str:
        """Return what has not been returned with an invocation."""
        return self._instance.read_new_logs() if self._instance else ""

    def get_address(self) -> str:
        """Return loopback: there is no container."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Return LocalEmu's address as the process sees it."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return nothing: LocalEmu's own init program, which would call it, is not used."""
        return ""
