"""Build the dependencies' layer as `sam build` does, and use it with a Python that has nothing else."""

import fnmatch
import platform
import re
import shutil
import struct
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from tests.template.stacks import ROOT

FOLDER = ROOT / "layers/dependencies"
PROCESSOR = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")  # AWS's Python brings them
PATTERNS = [line for line in (FOLDER / "prune.txt").read_text().splitlines() if line and not line.startswith("#")]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the layer's libraries are Linux's")


def run_make(
    target: str, artifacts: Path, *variables: str, processor: str = PROCESSOR
) -> subprocess.CompletedProcess[str]:
    command = ["make", "-s", "-f", "../Makefile", target, f"ARTIFACTS_DIR={artifacts}", *variables]
    return subprocess.run(command, cwd=FOLDER / processor, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def unpruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("unpruned")
    made = run_make("install", artifacts)
    assert made.returncode == 0, made.stderr
    return artifacts / "python"


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("layer")
    made = run_make("build-DependenciesLayer", artifacts)
    assert made.returncode == 0, made.stderr
    return artifacts / "python"


def run_bare(layer: Path, runtime: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the layer and the runtime's own packages: no virtual environment, no site-packages."""
    start = f"import sys; sys.path[:0] = [{str(layer)!r}, {str(runtime)!r}]\n"
    python = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    command = [python, "-I", "-S", "-B", "-c", start + textwrap.dedent(program)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"}
    )


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime")
    import boto3

    for name in RUNTIME:
        (folder / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    return folder


def test_requirements_are_the_locked_versions_with_hashes() -> None:
    text = (FOLDER / "requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", text, re.MULTILINE))
    hashed = re.findall(r"^([a-z0-9-]+)==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    locked = {package["name"]: package for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert {name: locked[name]["version"] for name in pinned} == pinned
    assert hashed == list(pinned)
    assert {
        "awswrangler",
        "pandas",
        "pyarrow",
        "numpy",
        "aws-lambda-powertools",
        "pyyaml",
    } <= set(pinned)
    assert not {"boto3", "botocore"} & set(pinned)
    for name in pinned:
        known = {artifact["hash"] for artifact in locked[name]["wheels"]}
        assert known & set(re.findall(r"--hash=(\S+)", text)), name


def test_every_pattern_of_the_prune_list_still_finds_something(unpruned: Path) -> None:
    paths = [str(path.relative_to(unpruned)) for path in unpruned.rglob("*")]
    assert len(paths) > 1000
    assert [pattern for pattern in PATTERNS if not fnmatch.filter(paths, pattern)] == []


def test_what_is_pruned_is_gone_and_libraries_stay(layer: Path) -> None:
    paths = [str(path.relative_to(layer)) for path in layer.rglob("*")]
    assert [path for path in paths for pattern in PATTERNS if fnmatch.fnmatchcase(path, pattern)] == []
    for library in ("lib.cpython-*.so", "libarrow_substrait.so.*", "libarrow_dataset.so.*", "libarrow_acero.so.*"):
        assert list((layer / "pyarrow").glob(library))


def test_everything_the_converter_imports_works_without_anything_else(layer: Path, runtime: Path) -> None:
    done = run_bare(
        layer,
        runtime,
        """
        import decimal, io, sys
        import awswrangler, numpy, pandas, pyarrow, yaml
        import pyarrow.compute, pyarrow.csv, pyarrow.dataset, pyarrow.parquet
        from aws_lambda_powertools import Logger, Metrics, Tracer
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

        # Decimals as INT64, zstd, and back through the dataset module that awswrangler reads with.
        exact = pyarrow.array([decimal.Decimal("12.50"), None], pyarrow.decimal128(18, 2))
        table = pyarrow.table({"price": exact, "name": ["00501", "NA"]})
        frame = table.to_pandas(types_mapper=pandas.ArrowDtype)
        back = pyarrow.Table.from_pandas(frame, preserve_index=False)
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(back, buffer, compression="zstd", store_decimal_as_integer=True)
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(buffer.getvalue()))
        assert file.metadata.row_group(0).column(0).physical_type == "INT64"
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert file.read(use_threads=False).to_pydict() == table.to_pydict()
        assert pyarrow.csv.read_csv(io.BytesIO(b"a\\n1\\n")).num_rows == 1
        assert pyarrow.default_memory_pool().backend_name == "jemalloc"
        assert yaml.safe_load("a: 1") == {"a": 1} and yaml.__with_libyaml__
        for module in (awswrangler, numpy, pandas, pyarrow, yaml):
            assert module.__file__.startswith(sys.path[0]), module.__file__
        print("all of it works")
        """,
    )
    assert done.stdout == "all of it works\n", done.stderr


def load_segments(library: bytes) -> list[tuple[int, int, int]]:
    """Return offset, address and alignment of each load segment of a 64-bit ELF file: man 5 elf."""
    (start,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", library, start + number * size) for number in range(count)]
    return [(offset, address, align) for kind, _, offset, address, _, _, _, align in headers if kind == 1]


@pytest.mark.parametrize(("processor", "machine"), [("x86_64", 62), ("arm64", 183)])
def test_libraries_are_for_the_processor_and_can_be_loaded(processor: str, machine: int, tmp_path: Path) -> None:
    made = run_make("strip", tmp_path, processor=processor)
    assert made.returncode == 0, made.stderr
    libraries = {path: path.read_bytes() for path in tmp_path.rglob("*.so*")}
    assert len(libraries) > 80
    assert {struct.unpack_from("<H", library, 18)[0] for library in libraries.values()} == {machine}
    # A strip that does not fit shifts the segments, and the loader then refuses the library.
    shifted = [
        path.name
        for path, library in libraries.items()
        for offset, address, align in load_segments(library)
        if (offset - address) % align
    ]
    assert shifted == []


def test_compiled_files_are_there_and_never_checked(layer: Path) -> None:
    sources = list(layer.rglob("*.py"))
    compiled = {path.parent.parent / f"{path.name.split('.')[0]}.py": path for path in layer.rglob("__pycache__/*.pyc")}
    missing = [source for source in sources if source not in compiled]
    assert missing == []
    # https://docs.python.org/3/reference/import.html#pyc-invalidation: flags 0b01 = by hash, not checked
    assert {compiled[source].read_bytes()[4:8] for source in sources} == {b"\x01\x00\x00\x00"}


def test_all_files_have_one_time_so_that_equal_layers_are_equal_archives(layer: Path) -> None:
    assert {path.lstat().st_mtime for path in layer.rglob("*")} == {1577836800.0}


def test_a_layer_that_is_too_large_fails_the_build_with_the_numbers(layer: Path, tmp_path: Path) -> None:
    shutil.copytree(layer / "yaml", tmp_path / "python/yaml")
    failed = run_make("measure", tmp_path, "LIMIT_MIB=0")
    assert failed.returncode != 0
    assert "1 MiB unzipped" in failed.stderr
    assert "limit is 0 MiB" in failed.stderr
    assert run_make("measure", tmp_path).returncode == 0


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("function")
    command = ["make", "-s", "build-ConvertFunction", f"ARTIFACTS_DIR={artifacts}"]
    subprocess.run(command, cwd=ROOT / "functions", check=True)
    return artifacts


def test_the_functions_archive_holds_the_package_and_nothing_else(function: Path) -> None:
    built = {str(path.relative_to(function)) for path in function.rglob("*.py")}
    assert built == {
        str(path.relative_to(ROOT / "functions")) for path in (ROOT / "functions").rglob("csvlake/**/*.py")
    }
    assert {path.suffix for path in function.rglob("*") if path.is_file()} <= {".py", ".pyc", ".so"}
    assert [path.name for path in function.iterdir()] == ["csvlake"]


def test_the_function_has_its_kernel_for_both_processors(function: Path) -> None:
    kernels = {path.name: path.read_bytes() for path in function.rglob("*.so")}
    machines = {name: struct.unpack_from("<H", kernel, 18)[0] for name, kernel in kernels.items()}
    assert machines == {"kernel.linux-x86_64.so": 62, "kernel.linux-aarch64.so": 183}
    # No C library is asked for by its version: AWS's and any other's will do.
    assert [name for name, kernel in kernels.items() if b"GLIBC" in kernel or b"libc.so" in kernel] == []


def test_the_function_converts_with_the_layer_alone(layer: Path, runtime: Path, function: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,price\n1,2.50\n2,3.75\n")
    done = run_bare(
        layer,
        runtime,
        f"""
        sys.path.insert(0, {str(function)!r})
        from csvlake import convert_file
        report = convert_file({str(tmp_path / "in.csv")!r}, {str(tmp_path / "out.parquet")!r})
        print(report.rows_written, *(column.type for column in report.schema))
        """,
    )
    assert done.stdout == "2 bigint decimal(18,2)\n", done.stderr


def test_the_kernels_compiler_is_the_locked_one_with_hashes() -> None:
    text = (ROOT / "functions/csvlake/engine/native/requirements.txt").read_text()
    locked = {package["name"]: package for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    assert f"ziglang=={locked['ziglang']['version']} " in text
    assert set(re.findall(r"--hash=(\S+)", text)) == {wheel["hash"] for wheel in locked["ziglang"]["wheels"]}


def test_the_kernel_is_the_same_bytes_whenever_it_is_built(function: Path, tmp_path: Path) -> None:
    command = ["make", "-s", "linux", f"PYTHON={sys.executable}", f"OUT={tmp_path}"]
    subprocess.run(command, cwd=ROOT / "functions/csvlake/engine/native", check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in function.rglob("*.so")}
