"""Property tests try the same examples at every run, so that the gate is one; `CSVLAKE_RANDOM=1` looks for new ones."""

import os

from hypothesis import settings

settings.register_profile("gate", derandomize=True, deadline=None)
if not os.environ.get("CSVLAKE_RANDOM"):
    settings.load_profile("gate")
