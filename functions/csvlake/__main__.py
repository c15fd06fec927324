"""``python -m csvlake``, and the command ``csvlake``."""

import sys
from importlib.abc import MetaPathFinder

from csvlake.settings import prepare_process

__all__ = ["main"]


def main() -> int:
    """Run the command line, with what has to be set before pyarrow and numpy are imported."""
    prepare_process()
    if sys.argv[1:2] in (["convert"], ["inspect"]):
        _leave_pandas_out()
    from csvlake import cli

    return cli.main()


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def _leave_pandas_out() -> None:
    """Have pyarrow find no pandas. It looks for it at its first scalar: half a second and 50 MB, and unused here."""
    import pyarrow as pa

    sys.meta_path.insert(0, _NoPandas())
    pa.scalar(None)
    sys.meta_path.pop(0)


if __name__ == "__main__":
    sys.exit(main())
