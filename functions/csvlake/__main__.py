"""``python -m csvlake``."""

import sys

from csvlake.cli import main

sys.exit(main())
