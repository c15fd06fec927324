"""Say what a function's process is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InstanceSettings:
    """What a process is started with.

    Attributes:
        python: the interpreter, which has the runtime client and boto3 and nothing else.
        runtime: Lambda's name for it, such as `python3.13`.
        handler: `module.function`.
        code: the unpacked function.
        layers: the unpacked layers, in the order of the function's configuration: later ones win.
        environment: Lambda's own variables and the function's.
        folder: the instance's own, for its /tmp and its log; removed with it.
        memory_mb: the limit.
        version: what the START line says.
    """

    python: Path
    runtime: str
    handler: str
    code: Path
    layers: list[Path]
    environment: dict[str, str]
    folder: Path
    memory_mb: int
    version: str = "$LATEST"


def process_environment(settings: InstanceSettings, tmp: Path, runtime_api: str) -> dict[str, str]:
    """Build the process's whole environment; nothing of ours is inherited.

    The order of search is Lambda's: the function, the layers (the last first), the runtime
    (https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath). What is /var/task,
    /opt and /tmp on Lambda are folders here, so code must ask (LAMBDA_TASK_ROOT, tempfile) and not assume.
    """
    layers = list(reversed(settings.layers))
    site_packages = Path("python/lib") / settings.runtime / "site-packages"
    packages = [folder for layer in layers for folder in (layer / site_packages, layer / "python")]
    return {
        "LANG": "C.UTF-8",
        **settings.environment,
        "PATH": ":".join(
            [str(settings.python.parent), "/usr/local/bin", "/usr/bin", "/bin", *(f"{x}/bin" for x in layers)]
        ),
        "LD_LIBRARY_PATH": ":".join([*(f"{x}/lib" for x in layers), str(settings.code), str(settings.code / "lib")]),
        "PYTHONPATH": ":".join(map(str, [settings.code, *packages])),
        "PYTHONDONTWRITEBYTECODE": "1",  # /var/task and /opt are read-only on Lambda
        "PYTHONNOUSERSITE": "1",
        "HOME": str(tmp),
        "TMPDIR": str(tmp),
        "LAMBDA_TASK_ROOT": str(settings.code),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
    }
