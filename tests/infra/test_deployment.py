"""What can be known of the deployment files without Docker, Heroku or GitHub."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from audio_stream.infrastructure.settings import Settings

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
AWS_OWN = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def valid(schema: str, *files: Path) -> None:
    checker = str(Path(sys.executable).with_name("check-jsonschema"))
    subprocess.run([checker, "--builtin-schema", schema, *map(str, files)], check=True)


def variables() -> set[str]:
    return {Settings.variable_of(name) for name in Settings.model_fields}


def test_the_workflows_are_what_github_reads() -> None:
    valid("vendor.github-workflows", *WORKFLOWS)
    valid("custom.github-workflows-require-timeout", *WORKFLOWS)


def test_the_compose_files_are_what_docker_reads() -> None:
    valid("vendor.compose-spec", ROOT / "compose.yaml", ROOT / "compose.lan.yaml")


def test_secrets_keep_the_names_they_had() -> None:
    used = set()
    for workflow in WORKFLOWS:
        used |= set(re.findall(r"secrets\.(\w+)", workflow.read_text()))
    assert used == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "PULUMI_ACCESS_TOKEN",
        "HEROKU_API_KEY",
    }


def test_deployment_waits_for_ci() -> None:
    name = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["name"]
    for workflow in ("deploy-app.yml", "infra-provision.yml"):
        text = (ROOT / ".github/workflows" / workflow).read_text()
        triggers = yaml.safe_load(text)[True]  # YAML 1.1 takes `on` for a boolean
        assert triggers["workflow_run"]["workflows"] == [name]
        assert "conclusion == 'success'" in text


@pytest.mark.parametrize("path", ["Dockerfile", "functions/convert_to_mp3/Dockerfile"])
def test_what_an_image_copies_is_there(path: str) -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / path).read_text(), re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert list(ROOT.glob(source)), f"{path} copies {source}"


def test_the_web_app_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert text.rindex("USER audio-stream") < text.rindex("CMD")
    assert "HEALTHCHECK" in text


def test_the_lambda_s_image_holds_all_that_the_handler_imports(tmp_path: Path) -> None:
    """Lay out what the Dockerfile copies, and import the handler from there alone."""
    text = (ROOT / "functions/convert_to_mp3/Dockerfile").read_text()
    root = "${LAMBDA_TASK_ROOT}/"
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        *sources, target = line.split()
        for source in (found for pattern in sources for found in ROOT.glob(pattern)):
            folder = tmp_path / target.removeprefix(root)
            if source.is_dir():
                shutil.copytree(source, folder)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder)
    script = (
        "import sys; sys.path[:] = [p for p in sys.path if not p.endswith('/src')]; "
        "import handler, audio_stream; print(audio_stream.__file__); "
        "print(handler.handler({}, None))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "AWS_DEFAULT_REGION": "eu-west-1",
            "TMPDIR": str(tmp_path),  # it sweeps its /tmp
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert Path(answer[0]).is_relative_to(tmp_path), "not the checkout's"
    assert answer[1] == "{'made': [], 'found': [], 'skipped': []}"


def test_heroku_is_told_settings_that_exist() -> None:
    app = json.loads((ROOT / "app.json").read_text())
    assert set(app["env"]) <= variables() | AWS_OWN
    assert app["buildpacks"] == [{"url": "heroku/python"}]


def test_compose_sets_settings_that_exist() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    environment = set(compose["services"]["audio-stream"]["environment"])
    assert environment <= variables() | AWS_OWN


def test_heroku_runs_a_command_and_a_python_that_exist() -> None:
    assert (ROOT / "Procfile").read_text() == "web: audio-stream\n"
    version = (ROOT / ".python-version").read_text().strip()
    assert tuple(map(int, version.split("."))) >= (3, 11)
    assert (ROOT / "requirements.txt").read_text().splitlines()[-1] == "."
    assert Path(sys.executable).with_name("audio-stream").exists()


def test_deploying_says_what_it_misses() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HEROKU")}
    script = subprocess.run(
        ["/bin/sh", "scripts/deploy.sh"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert script.returncode == 1
    assert "HEROKU_API_KEY is not set" in script.stderr


def test_the_lambda_runs_on_a_file_at_hand(tmp_path: Path) -> None:
    recording = tmp_path / "My show.webm"
    shutil.copy(ROOT / "tests/samples/chromium-100ms.webm", recording)
    subprocess.run(
        [sys.executable, "scripts/lambda_local.py", recording],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    assert recording.with_suffix(".mp3").read_bytes()[:3] == b"ID3"
