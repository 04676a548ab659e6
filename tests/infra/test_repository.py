"""What no file of the repository may hold: a registry's host, a machine's path, a CDN."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CHECKOUT = Path(__file__).parents[2]

# Folders that many machines have, so that naming one says nothing of any.
COMMON_FOLDERS = {
    *map(Path, ("/", "/app", "/home", "/opt", "/root", "/srv", "/usr", "/usr/local", "/Users")),
    Path(tempfile.gettempdir()),
}


def output_of(*command: str) -> str:
    """Return what a command prints, nothing when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    return done.stdout if done.returncode == 0 else ""


@cache
def tracked_texts() -> dict[str, str]:
    """Return path and text of every file git tracks, whatever is no text left out."""
    if not (CHECKOUT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("which files belong to the repository only git can tell, and it is not here")
    texts = {}
    for name in output_of("git", "ls-files", "-z").split("\0"):
        path = CHECKOUT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            texts[name] = content.decode("utf-8", errors="replace")
    return texts


def offenders(pattern: re.Pattern[str]) -> list[str]:
    """Return `path:line: what was found` for each match."""
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for name, text in tracked_texts().items()
        for match in pattern.finditer(text)
    ]


def hosts_of(text: str) -> set[str]:
    """Return the hosts of all addresses in a text, this machine's own left out."""
    hosts = {urlsplit(address).hostname for address in re.findall(r"https?://[^\s'\"\]]+", text)}
    return {host for host in hosts if host and re.search(r"\.[a-z]", host)}


def python_registry_hosts() -> set[str]:
    """Return the hosts that this machine's pip asks, and its default ones."""
    defaults = "from pip._internal.models.index import PyPI as p; print(p.url, p.simple_url)"
    storage = "from pip._internal.models.index import PyPI as p; print(p.file_storage_domain)"
    asked = output_of(sys.executable, "-c", defaults)
    configured = output_of(sys.executable, "-m", "pip", "config", "list")
    return (
        hosts_of(asked) | hosts_of(configured) | {output_of(sys.executable, "-c", storage).strip()}
    )


def any_of(words: set[str]) -> re.Pattern[str]:
    """Return a pattern that finds each of the words, and nothing when there are none."""
    return re.compile("|".join(re.escape(word) for word in sorted(words)) or "(?!)")


def test_no_file_names_a_host_of_the_python_package_registry() -> None:
    hosts = python_registry_hosts() - {""}
    assert hosts, "pip tells its own registry"
    assert offenders(any_of(hosts)) == []


def test_no_file_names_a_host_of_the_node_package_registry() -> None:
    if shutil.which("npm") is None:
        pytest.skip("only npm can tell its registry, and there is no Node here")
    hosts = hosts_of(output_of("npm", "config", "get", "registry"))
    assert hosts, "npm tells its own registry"
    assert offenders(any_of(hosts)) == []


def test_no_file_holds_a_path_of_this_machine() -> None:
    folders = {CHECKOUT, CHECKOUT.parent, Path.home(), Path(sys.base_prefix)} - COMMON_FOLDERS
    assert offenders(any_of({f"{folder}/" for folder in folders})) == []


def test_lock_files_hold_no_download_addresses() -> None:
    locks = {
        name: text
        for name, text in tracked_texts().items()
        if re.search(r"(-lock\.json|\.lock)$", name)
    }
    assert locks, "the pages' checks have a lock file"
    assert offending_locks(locks) == []


def test_the_lock_file_of_the_pages_checks_knows_every_platform() -> None:
    packages = json.loads(tracked_texts()["package-lock.json"])["packages"]
    needed = {name for it in packages.values() for name in it.get("optionalDependencies", {})}
    assert {f"node_modules/{name}" for name in needed} <= packages.keys()


def offending_locks(locks: dict[str, str]) -> list[str]:
    """Return what in the lock files tells where a package is fetched."""
    found = []
    for name, text in locks.items():
        if name.endswith(".json"):
            packages = json.loads(text)["packages"]
            found += [f"{name}: {package}" for package, it in packages.items() if "resolved" in it]
        found += [f"{name}: {line}" for line in re.findall(r"^\s*url = .*$", text, re.MULTILINE)]
    return found


# What a page fetches by itself; a link that a person may follow is none of these.
FETCHES = re.compile(
    r"""(?:<(?:script|img|audio|video|source|iframe)\b[^>]*\bsrc\s*=\s*["']?"""
    r"""|<link\b[^>]*\bhref\s*=\s*["']?|\burl\(\s*["']?|@import\s*["']"""
    r"""|\bfrom\s*["']|\bimport\s*\(?\s*["']|\bfetch\(\s*["'`])(?:https?:)?//[^\s"'`)]+"""
)


def test_the_pages_load_nothing_from_elsewhere() -> None:
    found = [place for place in offenders(FETCHES) if place.startswith("web/")]
    assert found == []


@pytest.mark.parametrize(
    "page",
    [
        '<script type="module" src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/a.css">',
        "@import 'https://cdn.example/a.css'",
        'import { a } from "https://cdn.example/a.js"',
        "background: url(https://cdn.example/a.png)",
    ],
)
def test_loading_from_elsewhere_would_be_noticed(page: str) -> None:
    assert FETCHES.search(page)
