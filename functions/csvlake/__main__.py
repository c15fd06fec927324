"""``python -m csvlake``, and the command ``csvlake``."""

import sys

from csvlake.settings import choose_memory_pool

__all__ = ["main"]


def main() -> int:
    """Run the command line, with what has to be set before pyarrow is imported."""
    choose_memory_pool()
    from csvlake import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
