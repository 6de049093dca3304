"""Settings of all tests."""

from __future__ import annotations

import os
import sys

# Tests run side by side, one on each core: a solver that takes them all for its small systems would only wait.
assert "numpy" not in sys.modules, "it reads the number of threads when it is imported"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings  # noqa: E402

# A busy machine is slow, and slowness is no failure.
settings.register_profile("setpiece", deadline=None)
settings.load_profile("setpiece")
