"""`docs/openapi.yaml` is valid, and describes the app: every route, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from audio_stream.infrastructure.app import make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings

CHECKOUT = Path(__file__).parents[2]
METHODS = {"get", "head", "options", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    text = (CHECKOUT / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture
def served(tmp_path: Path) -> set[tuple[str, str]]:
    """Return method and path of every route; HEAD beside GET goes without saying."""
    app = make_app(Container(settings=Settings(data_dir=tmp_path)))
    routes = set()
    for route in app.router.routes():
        resource = route.resource
        assert resource is not None
        path = re.sub(r"\{(\w+):[^}]+\}", r"{\1}", resource.canonical)
        routes.add((route.method.lower(), path))
    return {(method, path) for method, path in routes if not is_implied(method, path, routes)}


def is_implied(method: str, path: str, routes: set[tuple[str, str]]) -> bool:
    """Tell whether a HEAD only repeats what the GET of the same path says."""
    return method == "head" and ("get", path) in routes and "recordings" not in path


def test_the_description_is_valid_openapi(description: dict[str, Any]) -> None:
    validate(description)


def test_the_description_names_exactly_the_routes_that_are_served(
    description: dict[str, Any], served: set[tuple[str, str]]
) -> None:
    described = {
        (method, path)
        for path, operations in description["paths"].items()
        for method in operations
        if method in METHODS
    }
    assert described == served


def test_the_description_has_the_version_of_the_package(description: dict[str, Any]) -> None:
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{description["info"]["version"]}"' in project
