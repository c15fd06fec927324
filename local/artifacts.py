"""Build what is deployed, with `sam build`, and pack it, so that `sam deploy` need not.

SAM deflates the layer at every deployment, which takes it a quarter of a minute; nothing is gained by that on one
machine. An archive that the template names is uploaded by SAM as it is.
"""

import hashlib
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from local.sam import run_sam
from local.state import ROOT, State
from local.tools import Say

INPUTS = ("template.yaml", "functions", "layers")
FOLDER = re.compile(r"^(?P<start> +(?:ContentUri|CodeUri): )(?P<name>\w+)$", re.MULTILINE)


def build_artifacts(state: State, parameters: dict[str, str], say: Say) -> Path:
    """Return the built template, every artifact of it packed; where no input has changed, that of the last time."""
    template = state.build / "template.yaml"
    kept = state.build / "inputs.sha256"
    inputs = _fingerprint(parameters)
    if kept.exists() and kept.read_text() == inputs:
        say("sam build: nothing has changed since the last one")
        return template
    say("sam build" if kept.exists() else "sam build (the first one packs the dependencies, about a minute)")
    kept.unlink(missing_ok=True)
    command = ["build", "--build-dir", str(state.build), "--cache-dir", str(state.build_cache)]
    # No endpoint: building asks AWS nothing.
    run_sam(command + override_parameters(parameters), "http://127.0.0.1:9", state, say)
    pack_artifacts(template)
    kept.write_text(inputs)
    return template


def override_parameters(parameters: dict[str, str]) -> list[str]:
    """Spell the template's parameters as SAM's command line wants them: quoted, since it cuts at spaces."""
    if not parameters:
        return []
    return ["--parameter-overrides", *(f'{name}="{value}"' for name, value in parameters.items())]


def pack_artifacts(template: Path) -> None:
    """Store each folder that the built template names in an archive beside it, and name that instead.

    Equal folders (by names, contents and times of modification) give equal archives, so that SAM sees no change.
    """

    def pack(named: re.Match[str]) -> str:
        folder = template.parent / named["name"]
        if not folder.is_dir():
            return named[0]
        archive = template.parent / f"{named['name']}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
            for path in sorted(folder.rglob("*")):
                file.write(path, path.relative_to(folder))
        return f"{named['start']}{archive.name}"

    template.write_text(FOLDER.sub(pack, template.read_text()))


def _fingerprint(parameters: dict[str, str]) -> str:
    digest = hashlib.sha256(f"{sys.version} {sorted(parameters.items())}".encode())
    for path in _input_files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _input_files() -> Iterator[Path]:
    for name in INPUTS:
        top = ROOT / name
        found = [top] if top.is_file() else sorted(top.rglob("*"))
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)
