"""What every test shares: the order they run in, and hypothesis's pace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent

# The quick ones first: a mistake in the domain shows before any browser starts.
ORDER = ("unit", "contracts", "http", "infra", "integration", "browser")

# What becomes of skips, and fixtures that tests of several folders share.
pytest_plugins = ("skip_policy", "fakes.moto_server")

# Failures in a contract's asserts tell their values too.
pytest.register_assert_rewrite("contracts", "fakes")

settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by what they need, each folder's own order kept."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        return ORDER.index(folder) if folder in ORDER else len(ORDER)

    items.sort(key=place)
