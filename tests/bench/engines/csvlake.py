"""csvlake: ``IN OUT`` for a folder of files, all in one process, which is set up as the command and the function are.

A single file is converted by ``python -m csvlake convert``.
"""

import sys

from csvlake.settings import prepare_process


def main() -> None:
    """Convert every file of the folder."""
    prepare_process()
    from csvlake.files import convert_file
    from tests.bench.engines.pairs import list_pairs

    for source, goal in list_pairs(sys.argv):
        convert_file(source, goal)


main()
