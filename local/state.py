"""Say where the local AWS keeps its files."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools"


@dataclass(frozen=True)
class State:
    """The folder of one local AWS; two folders are two local AWSs that know nothing of each other.

    Attributes:
        folder: made when first needed, emptied by `python -m local down` but for what is slow to make again.
    """

    folder: Path = ROOT / ".local"

    @property
    def stack_json(self) -> Path:
        """What is deployed, for programs. Exists only while the stack runs."""
        return self.folder / "stack.json"

    @property
    def env(self) -> Path:
        """What is deployed, for shells. Exists only while the stack runs."""
        return self.folder / "env"

    @property
    def server_json(self) -> Path:
        """Which process LocalEmu is."""
        return self.folder / "server.json"

    @property
    def server_log(self) -> Path:
        """What LocalEmu says; kept after it ends, overwritten by the next."""
        return self.folder / "localemu.log"

    @property
    def deploy_log(self) -> Path:
        """What `sam build` and `sam deploy` said last."""
        return self.folder / "deploy.log"

    @property
    def build(self) -> Path:
        """What `sam build` makes; apart from .aws-sam, which is for AWS and may be for another processor. Kept."""
        return self.folder / "build"

    @property
    def build_cache(self) -> Path:
        """What lets the next `sam build` take two seconds. Kept."""
        return self.folder / "build-cache"

    @property
    def trino_json(self) -> Path:
        """Which process Trino is, where one runs."""
        return self.folder / "trino.json"

    @property
    def trino_log(self) -> Path:
        """What Trino says; kept like LocalEmu's."""
        return self.folder / "trino.log"

    @property
    def trino(self) -> Path:
        """Trino's settings and what it writes; gone when it ends."""
        return self.folder / "trino"

    @property
    def data(self) -> Path:
        """All that LocalEmu and the functions write; gone when LocalEmu ends."""
        return self.folder / "localemu"

    @property
    def runtime(self) -> Path:
        """The Python of the functions: the runtime client and boto3, nothing else. Kept."""
        return self.folder / "runtime"
