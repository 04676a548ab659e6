"""What every test shares: its plugins, and hypothesis's pace."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# What becomes of skips, what runs when, and fixtures that tests of several folders share.
pytest_plugins = ("skip_policy", "running_order", "fakes.moto_server")

# Failures in a contract's asserts tell their values too.
pytest.register_assert_rewrite("contracts", "fakes")

settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
