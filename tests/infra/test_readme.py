"""The documentation tells what is there: settings, links, pictures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TEXTS = sorted(
    path
    for folder in (CHECKOUT, CHECKOUT / "docs", CHECKOUT / "docs" / "decisions")
    for path in folder.glob("*.md")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """Return the anchors that a Markdown text's headings get on GitHub."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_lists_every_setting_with_its_default() -> None:
    command = [sys.executable, "scripts/settings_table.py"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert printed.stdout in readme, "put what scripts/settings_table.py prints into the README"


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_every_link_leads_somewhere(text: Path) -> None:
    broken = []
    for link in LINK.findall(text.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (text.parent / name).resolve() if name else text
        inside = target.is_relative_to(CHECKOUT) and target.exists()
        if not inside or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def test_every_decision_is_numbered_once() -> None:
    names = [path.name for path in (CHECKOUT / "docs" / "decisions").glob("[0-9]*.md")]
    numbers = sorted(int(name.partition("-")[0]) for name in names)
    assert numbers == list(range(1, len(names) + 1))
