"""csvlake: ``IN OUT`` for a folder of files, all in one process.

A single file is converted by ``python -m csvlake convert``.
"""

import sys

from csvlake.files import convert_file
from tests.bench.engines.pairs import list_pairs

for _source, _goal in list_pairs(sys.argv):
    convert_file(_source, _goal)
