"""``python -m csvlake``, and the command ``csvlake``."""

import sys

from csvlake.settings import prepare_process

__all__ = ["main"]


def main() -> int:
    """Run the command line, with what has to be set before pyarrow and numpy are imported."""
    prepare_process()
    from csvlake import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
