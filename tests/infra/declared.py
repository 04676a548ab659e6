"""What the Pulumi program declares, as data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).parents[1] / "fakes" / "pulumi_program.py"


@dataclass(frozen=True)
class Declared:
    """Every resource's type and inputs by its name, and the stack's outputs."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]

    def inputs(self, name: str) -> Any:  # noqa: ANN401 - JSON
        return self.resources[name]["inputs"]

    def policy(self, name: str) -> dict[str, dict[str, Any]]:
        """Return a policy's statements by their Sid."""
        document = json.loads(self.inputs(name)["policy"])
        return {statement["Sid"]: statement for statement in document["Statement"]}


@cache
def declared(config: str = "{}", bucket_variable: str | None = None) -> Declared:
    """Run the program with this configuration, as JSON."""
    environment = {k: v for k, v in os.environ.items() if k != "MEDIA_PERSIST_S3_BUCKET_NAME"}
    if bucket_variable is not None:
        environment["MEDIA_PERSIST_S3_BUCKET_NAME"] = bucket_variable
    program = subprocess.run(
        [sys.executable, _PROGRAM, config], env=environment, capture_output=True, check=False
    )
    assert program.returncode == 0, program.stderr.decode()
    return Declared(**json.loads(program.stdout))
