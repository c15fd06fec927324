"""What a user does with a deployed lake: put, delete, ask, and look into the ledger."""

import time
from collections.abc import Mapping

from local.deployment import Stack
from local.lake import Lake

POLL_S = 0.2


class LakeClient:
    """The stack of .local/stack.json, through boto3 and nothing else."""

    def __init__(self, stack: Mapping[str, str]) -> None:
        self.lake = Lake(Stack(**stack))

    def put(self, key: str, body: bytes | str) -> None:
        """Upload one object, as `aws s3 cp` does."""
        self.lake.put(key, body.encode() if isinstance(body, str) else body)

    def delete(self, key: str) -> None:
        """Delete one object."""
        self.lake.delete(key)

    def query(self, sql: str) -> list[dict[str, str]]:
        """Ask Athena; each row as column → text, a null as ``""``."""
        answer = self.lake.ask(sql)
        return [{name: value or "" for name, value in zip(answer.columns, row, strict=True)} for row in answer.rows]

    def outcomes(self, keys: set[str]) -> dict[str, dict[str, str]]:
        """The newest row of the ledger for each of the keys that has one."""
        rows = self.query("SELECT * FROM conversions ORDER BY converted_at")
        return {row["source_key"]: row for row in rows if row["source_key"] in keys}

    def wait_for_outcomes(self, keys: set[str], timeout_s: float = 300) -> dict[str, dict[str, str]]:
        """Wait until the ledger has an outcome for every key."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = self.outcomes(keys)
            if keys == found.keys():
                return found
            if time.monotonic() > deadline:
                missing = sorted(keys - found.keys())
                raise AssertionError(f"{len(missing)} of {len(keys)} keys have no outcome, such as {missing[:3]}")
            time.sleep(POLL_S)
