"""How does hypothesis search here? Without a clock, and the same each time."""

from __future__ import annotations

from tests.kit.examples import load_profile

load_profile()
