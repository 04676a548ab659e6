"""Which tests run first, and which beside others where several processes run them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest

TESTS = Path(__file__).parent

# The quick ones first: a mistake in the domain shows before any browser starts.
ORDER = ("unit", "contracts", "http", "infra", "integration", "browser")
# Of several processes one has the browsers that hear and record all to itself from the beginning:
# together they take about as long as everything else, and no two of them share a core.
ORDER_OF_MANY = ("browser", *ORDER[:-1])
# What looks at pages and their modules hangs on no clock: whoever is done first takes it.
SILENT = {
    f"test_{name}.py"
    for name in (
        "drawings",
        "event_watch",
        "listener_page",
        "live_steering",
        "page_modules",
        "station_choice",
        "stored_queue",
        "track_drawer",
        "upload_answers",
        "webm_reader",
        "webm_writer",
    )
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests by what they need, each folder's own order kept."""
    order = ORDER_OF_MANY if hasattr(config, "workerinput") else ORDER

    def place(item: pytest.Item) -> int:
        if item.path.name in SILENT:
            return len(order)
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        return order.index(folder) if folder in order else len(order)

    items.sort(key=place)


class BrowsersInOneProcess(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Gives each process a file at a time, and all files with browsers to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        *_, folder, name = path.split("/")
        return "browser" if folder == "browser" and name not in SILENT else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Take ours (pytest-xdist's hook)."""
    config.option.loadscopereorder = False
    return BrowsersInOneProcess(config, log)
