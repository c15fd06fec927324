"""What distance costs: ``python -m tests.bench.far [--latency-ms 30] [--stream-mb-s 60] [--rounds 3]``.

Converts a CSV of about 200 MB from disk and from an S3 that is far away (`tests.bench.far_s3`), plain and by gzip,
uploads a file of 100 MB to it, and converts from S3 to S3, each as a whole process, in turn. The far S3 runs on the
same machine and takes some of its processors' time.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.make_data import make_table

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]
_UPLOAD_BYTES = 100_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.far", description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=30)
    parser.add_argument("--stream-mb-s", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.26, help="of lineitem (default: 200 MB)")
    parser.add_argument("--data", type=Path, default=_ROOT / "bench-data", help="where the data is made and kept")
    asked = parser.parse_args(arguments)
    folder = asked.data.resolve() / f"scale-{asked.scale:g}"
    _make(folder, asked.scale)
    figures: dict[str, list[Mapping[str, float]]] = {}
    with _far_s3(folder, asked.latency_ms, asked.stream_mb_s) as environment:
        for _ in range(asked.rounds):
            for name, command in _commands(folder).items():
                figures.setdefault(name, []).append(_measure(command, environment))
    sizes = {"gzip": (folder / "lineitem.csv.gz").stat().st_size, "upload": (folder / "upload.bin").stat().st_size}
    print(f"{asked.latency_ms:g} ms a request, {asked.stream_mb_s:g} MB/s a stream; medians of {asked.rounds}")
    for name, runs in figures.items():
        wall, cpu, peak = (statistics.median(run[what] for run in runs) for what in ("wall_s", "cpu_s", "peak_bytes"))
        size = sizes.get(name.split()[0], (folder / "lineitem.csv").stat().st_size)
        print(f"{name:20} {wall:6.2f} s  {size / wall / 1e6:6.1f} MB/s  CPU {cpu:5.2f} s  peak {peak / 1e6:4.0f} MB")
    return 0


def _make(folder: Path, scale: float) -> None:
    make_table(folder, "lineitem", scale)
    packed, upload = folder / "lineitem.csv.gz", folder / "upload.bin"
    if not packed.exists():
        packed.write_bytes(gzip.compress((folder / "lineitem.csv").read_bytes(), 6))
    if not upload.exists():
        upload.write_bytes(os.urandom(int(min(1.0, scale * 4) * _UPLOAD_BYTES)))


def _commands(folder: Path) -> dict[str, list[str]]:
    convert, out = [sys.executable, "-m", "csvlake", "convert"], str(folder / "far.parquet")
    from_s3_to_s3 = [sys.executable, "-m", "tests.bench.engines.convert_to_s3", "s3://far/lineitem.csv", "s3://far/out"]
    return {
        "from disk": [*convert, str(folder / "lineitem.csv"), out],
        "from S3": [*convert, "s3://far/lineitem.csv", out],
        "gzip from S3": [*convert, "s3://far/lineitem.csv.gz", out],
        "upload": [sys.executable, "-m", "tests.bench.engines.put_file", str(folder / "upload.bin"), "s3://far/out"],
        "S3 to S3, then sent": [*from_s3_to_s3, "--after"],
        "S3 to S3": from_s3_to_s3,
    }


@contextmanager
def _far_s3(folder: Path, latency_ms: float, stream_mb_s: float) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "tests.bench.far_s3", str(folder), str(latency_ms), str(stream_mb_s)]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
            "AWS_ACCESS_KEY_ID": "far",
            "AWS_SECRET_ACCESS_KEY": "far",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }
        server.communicate()  # its standard input ends


def _measure(command: Sequence[str], environment: Mapping[str, str]) -> Mapping[str, float]:
    spawn = [sys.executable, "-S", "-E", str(Path(__file__).with_name("spawn.py"))]
    ended = subprocess.run(
        [*spawn, *command], cwd=_ROOT, env=dict(environment), capture_output=True, text=True, check=True
    )
    figures: dict[str, float] = json.loads(ended.stdout)
    if figures["exit_code"]:
        raise RuntimeError(ended.stderr.strip().splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
