"""A sample of what `benchmarks/disk.py` does at every call: no promise is broken by any disk."""

from __future__ import annotations

import logging
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
import stamina

from integration.disk_sweep import FAULTS, LIVES, Fault, Life, live_through, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERY = 29
"""Of so many calls one fails."""


@pytest.fixture(autouse=True)
def _no_pauses(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Try again at once; tasks that died with their process are nobody's concern."""
    caplog.set_level(logging.CRITICAL, logger="asyncio")
    with stamina.set_testing(testing=True, attempts=2):
        yield


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
async def test_no_promise_is_broken_by(tmp_path: Path, life: Life, fault: Fault) -> None:
    first = FAULTS.index(fault) * 3 + LIVES.index(life)  # each looks at calls of its own
    for call in count(first, EVERY):
        folder = tmp_path / str(call)
        folder.mkdir()
        if not await live_through(folder, life, fault, call):
            assert call > 80, "a life has many calls"
            return


async def test_a_program_that_does_not_sync_would_be_noticed(tmp_path: Path) -> None:
    (power_loss,) = (fault for fault in FAULTS if fault.name == "power loss")

    async def go_on() -> None:
        for call in count():
            folder = tmp_path / str(call)
            folder.mkdir()
            if not await live_through(folder, recorded, replace(power_loss, fsync="off"), call):
                return

    with pytest.raises(AssertionError, match="never taken back"):
        await go_on()
