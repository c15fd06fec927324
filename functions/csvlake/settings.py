"""Read the settings of the function and of the operator's commands. The only reader of the environment."""

import ctypes
import gc
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast

__all__ = ["CatalogMode", "NoStackError", "Settings", "StackSettings", "prepare_process", "use_exports"]

CatalogMode = Literal["direct", "crawler"]

_M_MMAP_THRESHOLD = -3  # of glibc's malloc.h
_KEPT_BYTES = 1 << 20
_GC_THRESHOLDS = (50_000, 20, 100)
_MEMORY_SHARE = 0.85  # of the function's size; the rest is the runtime's own


@dataclass(frozen=True)
class Settings:
    """What the template tells the function.

    Attributes:
        memory_bytes: bound for the whole process.
        crawler_name: "" where the stack has no crawler.
        queue_url: of the queue that the function reads, and writes to when something is to be done later.
        owner_topic_arn: where the lake's owner is told of what needs him; "" for nowhere.
        auto_migrate_bytes: of a table's older CSVs, above which a misfit changes no type by itself.
        type_change_grace_s: seconds after which no conversion that began before a change can still be published.
    """

    bucket: str
    database: str
    queue_url: str
    source_prefix: str = "csv-files/"
    target_prefix: str = "parquet-files/"
    meta_prefix: str = "meta/"
    catalog_mode: CatalogMode = "direct"
    crawler_name: str = ""
    memory_bytes: int = 300 << 20
    owner_topic_arn: str = ""
    auto_migrate_bytes: int = 1 << 30
    type_change_grace_s: float = 120.0

    @staticmethod
    def are_given() -> bool:
        """Return whether the process was started with settings, as a deployed function is."""
        return "CSVLAKE_BUCKET" in os.environ

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read ``CSVLAKE_*``.

        Args:
            environment: None for the process's own.

        Raises:
            ValueError: one that is required is absent, or one is not of its form.
        """
        given = os.environ if environment is None else environment
        mode = given.get("CSVLAKE_CATALOG_MODE") or "direct"
        if mode not in ("direct", "crawler"):
            raise ValueError(f"CSVLAKE_CATALOG_MODE is {mode!r}: use direct or crawler")
        if mode == "crawler" and not given.get("CSVLAKE_CRAWLER_NAME"):
            raise ValueError("CSVLAKE_CATALOG_MODE is crawler: set CSVLAKE_CRAWLER_NAME, too")
        memory_mb = int(given.get("CSVLAKE_MEMORY_MB") or given.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or 512)
        return cls(
            bucket=_required(given, "CSVLAKE_BUCKET"),
            database=_required(given, "CSVLAKE_DATABASE"),
            queue_url=_required(given, "CSVLAKE_QUEUE_URL"),
            source_prefix=_prefix(given, "CSVLAKE_SOURCE_PREFIX", cls.source_prefix),
            target_prefix=_prefix(given, "CSVLAKE_TARGET_PREFIX", cls.target_prefix),
            meta_prefix=_prefix(given, "CSVLAKE_META_PREFIX", cls.meta_prefix),
            catalog_mode=cast(CatalogMode, mode),
            crawler_name=given.get("CSVLAKE_CRAWLER_NAME", ""),
            memory_bytes=int(memory_mb * _MEMORY_SHARE) << 20,
            owner_topic_arn=given.get("CSVLAKE_OWNER_TOPIC_ARN", ""),
            auto_migrate_bytes=int(given.get("CSVLAKE_AUTO_MIGRATE_BYTES") or cls.auto_migrate_bytes),
            type_change_grace_s=float(given.get("CSVLAKE_TYPE_CHANGE_GRACE_S") or cls.type_change_grace_s),
        )


class NoStackError(ValueError):
    """Say that it was not told which stack is meant."""


@dataclass(frozen=True)
class StackSettings:
    """Where a deployed stack is, for its operator: some of its outputs."""

    bucket: str
    database: str
    workgroup: str
    convert_queue_url: str
    dlq_url: str
    event_dlq_url: str

    @staticmethod
    def are_given() -> bool:
        """Return whether the environment says which stack is meant."""
        return "CSVLAKE_BUCKET" in os.environ

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "StackSettings":
        """Read ``CSVLAKE_BUCKET`` and its like, each named as the attribute is.

        Args:
            environment: None for the process's own.

        Raises:
            NoStackError: one is absent.
        """
        given = os.environ if environment is None else environment
        names = {field.name: f"CSVLAKE_{field.name.upper()}" for field in fields(cls)}
        if lacking := [name for name in names.values() if not given.get(name)]:
            raise NoStackError(f"the environment lacks {', '.join(lacking)}: set them, or give --stack-name")
        return cls(**{field: given[name] for field, name in names.items()})


def prepare_process() -> None:
    """Set what pyarrow and numpy look at when they are imported, unless the user did.

    pyarrow takes memory by jemalloc, as in the Lambda: 60 MB less at equal speed. numpy starts no threads for linear
    algebra, of which there is none. glibc gives large blocks back as soon as they are free: it would keep as many as
    32 MiB of them for each thread. Python looks less often for cycles: a conversion makes many objects and hardly any.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(*_GC_THRESHOLDS)
    if "MALLOC_MMAP_THRESHOLD_" not in os.environ and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def use_exports(path: Path) -> None:
    """Take the ``export NAME=value`` lines of a file into the environment, as a shell would."""
    for line in path.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line)
        if len(words) == 2 and words[0] == "export":
            name, _, value = words[1].partition("=")
            os.environ[name] = value


def _required(given: Mapping[str, str], name: str) -> str:
    value = given.get(name)
    if not value:
        raise ValueError(f"{name} is not set")
    return value


def _prefix(given: Mapping[str, str], name: str, default: str) -> str:
    value = given.get(name) or default
    if not value.endswith("/") or value.startswith("/"):
        raise ValueError(f"{name} is {value!r}: it must end with a slash and not begin with one")
    return value
