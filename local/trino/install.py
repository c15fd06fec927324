"""Put a Trino together from Maven Central: the server, and its Hive connector as a plugin. 234 MB, once."""

import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.state import TOOLS
from local.tools import Say, ToolError
from local.trino.java import find_java, find_maven

HERE = Path(__file__).parent
POM, MAIN = HERE / "pom.xml", HERE / "StartTrino.java"
SERVICE = ("META-INF/services/io.trino.spi.Plugin", "io.trino.plugin.hive.HivePlugin\n")
SAY_EVERY = 50  # files


@dataclass(frozen=True)
class Installed:
    """A Trino that can be started.

    Attributes:
        folder: with `lib`, `main` and `plugin`.
        java: home of the JDK to run it with.
    """

    folder: Path
    java: Path
    version: str


def ensure_trino(say: Say) -> Installed:
    """Return the Trino in .tools/trino, put together at its first use: a minute or two.

    Raises:
        ToolError: there is no JDK of the version that it needs, no Maven, or Maven failed.
    """
    java, wanted = find_java(), POM.read_text() + MAIN.read_text()
    installed = Installed(TOOLS / "trino", java, trino_version())
    kept = installed.folder / "installed.txt"
    if kept.exists() and kept.read_text() == wanted:
        return installed
    maven = find_maven()
    title = f"fetching Trino {installed.version} from Maven Central into .tools/trino (once)"
    say(title)
    part = TOOLS / "trino.part"
    shutil.rmtree(part, ignore_errors=True)
    for profile, folder in (("server", "lib"), ("hive", "plugin/hive")):
        _copy_jars(maven, java, profile, part / folder, lambda text: say(f"{title}: {text}"))
    with zipfile.ZipFile(part / "plugin" / "hive" / "services.jar", "w") as jar:
        jar.writestr(*SERVICE)
    _compile_main(java, part)
    (part / "installed.txt").write_text(wanted)
    shutil.rmtree(installed.folder, ignore_errors=True)
    part.rename(installed.folder)
    return installed


def trino_version() -> str:
    """Return the version that pom.xml pins."""
    match = re.search(r"<trino\.version>(\d+)<", POM.read_text())
    assert match is not None  # noqa: S101 - our own file
    return match[1]


def _copy_jars(maven: str, java: Path, profile: str, folder: Path, say: Say) -> None:
    """Copy a profile's jars, with all that they depend on, into a folder."""
    command = [maven, "--batch-mode", "--strict-checksums", "--file", str(POM), "--activate-profiles", profile]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    # Maven's own JVM warns of what it will lose some day; the JDK that is found runs it as well.
    environment = os.environ | {"JAVA_HOME": str(java)}
    lines: list[str] = []
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        fetched = 0
        for line in process.stdout:
            lines.append(line)
            if "Downloaded from" in line and ".jar" in line:
                fetched += 1
                if fetched % SAY_EVERY == 0:
                    say(f"{fetched} jars")
    if process.returncode:
        raise ToolError(f"`{' '.join(command)}` failed with exit status {process.returncode}:\n{''.join(lines[-20:])}")


def _compile_main(java: Path, folder: Path) -> None:
    """Compile the main class."""
    command = [str(java / "bin" / "javac"), "-cp", str(folder / "lib" / "*"), "-d", str(folder / "main"), str(MAIN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"`{' '.join(command)}` failed:\n{done.stderr}")
