"""Print the README's table of settings, made from the class that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ByteSize
from pydantic_core import PydanticUndefined

from audio_stream.infrastructure.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def settings_table() -> str:
    """Return the table in Markdown, a row for each setting."""
    rows = ["| variable | flag | default | meaning |", "|---|---|---|---|"]
    rows += [_row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(rows)


def _row(name: str, field: FieldInfo) -> str:
    variable = Settings.variable_of(name)
    meaning = (field.description or "").removeprefix(f"{variable}: ")
    flag = f"--{name.replace('_', '-')}"
    cells = (
        f"`{variable}`",
        f"`{flag}`",
        _default(field.default),
        meaning[:1].upper() + meaning[1:],
    )
    return f"| {' | '.join(cells)} |"


def _default(value: object) -> str:
    if value in (None, (), PydanticUndefined):
        return ""
    if isinstance(value, ByteSize):
        return f"`{value.human_readable(separator='')}`".replace(".0", "")
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`"


if __name__ == "__main__":
    print(settings_table())
