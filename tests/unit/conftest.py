"""The use cases on fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fakes.memory_world import MemoryWorld

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> MemoryWorld:
    return MemoryWorld(tmp_path)
