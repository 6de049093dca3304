"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is slow, and slowness is no failure.
settings.register_profile("setpiece", deadline=None)
settings.load_profile("setpiece")
