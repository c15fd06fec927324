"""``csvlake cost``: what a stack costs a month, about, and what that rests on."""

import argparse
import math
from dataclasses import dataclass
from typing import Any, Literal

from csvlake.cli.prices import AS_OF, PRICES, REGION
from csvlake.cli.screen import show_table

__all__ = ["Month", "add_to", "estimate"]

_PARQUET_SHARE = 0.3  # of the CSV's size
_FILE_S = 0.25  # of a run for each file, whatever its size: three requests to S3, the batch's own work shared by one
_CORE_BYTES_S = 40e6  # of CSV that one core converts in a second
_CORE_MB = 1769  # of memory that come with one core
_PART_BYTES = 16e6  # of a request for a part of a large object
_LOG_BYTES = 2_000  # of log lines a file
_IDLE_POLLS = 5 * 3 * 60 * 24 * 30  # Lambda's five pollers ask an empty queue every 20 seconds
_METRICS = 7
_ALARMS = 2


@dataclass(frozen=True)
class Month:
    """What happens in a month.

    Attributes:
        scans: how often queries read all of the month's Parquet.
    """

    files: int
    gb: float
    scans: float = 10.0
    memory_mb: int = 1769
    architecture: Literal["x86_64", "arm64"] = "x86_64"


def add_to(commands: Any) -> None:
    """Add the verb to argparse's commands."""
    parser = commands.add_parser("cost", help="estimate what a stack costs a month")
    parser.add_argument("--files", type=_count, required=True, metavar="N", help="CSV files a month")
    parser.add_argument("--gb", type=_amount, required=True, metavar="G", help="GB of CSV a month, all files together")
    parser.add_argument("--scans", type=_amount, default=Month.scans, metavar="N", help="times it is all queried (10)")
    parser.add_argument("--memory-mb", type=_count, default=Month.memory_mb, metavar="MB", help="MemoryMb (1769)")
    parser.add_argument("--architecture", choices=["x86_64", "arm64"], default=Month.architecture)
    parser.set_defaults(run=_run)


def estimate(month: Month) -> dict[str, float]:
    """Return how much is used of everything that has a price, by the names of `PRICES`."""
    parts = math.ceil(month.gb * 1e9 / _PART_BYTES)
    core_s = month.gb * 1e9 / _CORE_BYTES_S
    run_s = month.files * _FILE_S + core_s * _CORE_MB / month.memory_mb
    return {
        "S3 storage": month.gb * (1 + _PARQUET_SHARE),
        "S3 PUT": month.files * 3 + parts,  # the CSV, the Parquet, the ledger
        "S3 GET, HEAD": month.files * 2 + parts,
        "EventBridge": month.files,
        "SNS": month.files,
        "SQS": month.files * 3 + _IDLE_POLLS,  # send, receive, delete
        "Lambda runs": month.files,
        f"Lambda time, {month.architecture}": run_s * month.memory_mb / 1024,
        "Glue catalog": month.files,
        "Athena": month.gb * _PARQUET_SHARE * month.scans,
        "CloudWatch logs": month.files * _LOG_BYTES / 1e9,
        "CloudWatch metrics": _METRICS,
        "CloudWatch alarms": _ALARMS,
    }


def _run(asked: argparse.Namespace) -> None:
    month = Month(asked.files, asked.gb, asked.scans, asked.memory_mb, asked.architecture)
    used = estimate(month)
    costs = {name: amount / PRICES[name].per * PRICES[name].usd for name, amount in used.items()}
    rows = [(name, f"{used[name]:,.6g} {PRICES[name].unit}", f"{cost:.2f}") for name, cost in costs.items()]
    show_table(("what", "a month", "USD"), [*rows, ("total", "", f"{sum(costs.values()):.2f}")])
    print(f"""
Prices of {REGION} as of {AS_OF}, without free tiers; their pages:""")
    for source in dict.fromkeys(PRICES[name].source for name in used):
        print(f"  {source}")
    print(f"""It is assumed that
  a run takes {_FILE_S} s a file and converts {_CORE_BYTES_S / 1e6:.0f} MB a second and core;
  every file has a run of its own, and takes one look at the catalog;
  Parquet is {_PARQUET_SHARE:.0%} of the CSV's size;
  what is stored is one month's data: the next month's adds to it, and old versions (NoncurrentDays) are not counted.
Not counted: crawler runs, KMS keys, X-Ray, data sent out of the region.""")


def _count(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("must not be negative")
    return value
