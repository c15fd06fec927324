"""Find what Trino needs on this machine: a JDK of the version that it is built for, and Maven."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from local.tools import ToolError

JAVA_VERSION = 25  # https://trino.io/docs/current/installation/deployment.html#java-runtime-environment
FOLDERS = (  # where systems and version managers put JDKs, one a folder
    *("/usr/lib/jvm", "/usr/java", "/opt/java", "/opt", "/Library/Java/JavaVirtualMachines"),
    *("~/.sdkman/candidates/java", "~/.jdks", "~/.asdf/installs/java", "~/.local/share/mise/installs/java"),
)


def find_java() -> Path:
    """Return the home of a JDK of version 25 or later: JAVA_HOME_25, JAVA_HOME, PATH, then the common folders.

    Raises:
        ToolError: there is none; the message says what was found instead.
    """
    seen: dict[Path, int] = {}
    for home in _homes():
        version = java_version(home)
        if version >= JAVA_VERSION and (home / "bin" / "javac").exists():
            return home
        if version:
            seen[home] = version
    found = ", ".join(f"{home} (version {version})" for home, version in seen.items()) or "none"
    raise ToolError(
        f"Trino needs a JDK of version {JAVA_VERSION} or later. Found: {found}. Install one "
        f"(https://adoptium.net/temurin/releases/) and name its folder in JAVA_HOME_{JAVA_VERSION}."
    )


def _homes() -> Iterator[Path]:
    for name in (f"JAVA_HOME_{JAVA_VERSION}", f"JAVA_HOME_{JAVA_VERSION}_X64", "JAVA_HOME"):
        if value := os.environ.get(name):
            yield Path(value)
    if program := shutil.which("java"):
        yield Path(program).resolve().parents[1]
    for folder in FOLDERS:
        for home in sorted(Path(folder).expanduser().glob("*"), reverse=True):
            yield home / "Contents" / "Home" if (home / "Contents" / "Home").exists() else home


def java_version(home: Path) -> int:
    """Return the major version that a JDK's `release` file tells; 0 where the folder is none."""
    try:
        told = (home / "release").read_text(errors="replace")
    except OSError:
        return 0
    match = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', told, re.M)
    return int(match[1]) if match else 0


def find_maven() -> str:
    """Return Maven's path.

    Raises:
        ToolError: it is not on PATH.
    """
    found = shutil.which("mvn")
    if found is None:
        raise ToolError(
            "Maven (mvn) is not on PATH; it fetches Trino once. Install it: https://maven.apache.org/install.html"
        )
    return found
