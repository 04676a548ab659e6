"""List what benchmarks/ measures: each file's command and its first line."""

from __future__ import annotations

import ast
from pathlib import Path

for path in sorted(Path("benchmarks").glob("*.py")):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    print(f".venv-test/bin/python {path}")
    print(f"    {docstring.partition(chr(10))[0]}")
