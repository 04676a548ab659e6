"""Which object a content goes to, and what S3 is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from audio_stream.adapters.blob.s3_client import KEY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_LABEL_BYTES = 1500
"""S3 takes 2 KB of an object's own metadata in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An object to be."""

    key: str
    """The blob store's, without the prefix."""
    mime_type: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def address(self, bucket: str) -> dict[str, str]:
        """Return how S3's requests name it."""
        return {"Bucket": bucket, "Key": KEY_PREFIX + self.key}

    def description(self) -> dict[str, object]:
        """Return what S3 keeps beside the bytes."""
        metadata = {name: _in_a_header(text) for name, text in self.labels.items()}
        return {"ContentType": self.mime_type, "Metadata": metadata}


def _in_a_header(text: str) -> str:
    """Return `text` percent-encoded, cut at a character's end if it is too long."""
    encoded = ""
    for character in text:
        longer = encoded + quote(character, safe="+:")
        if len(longer) > _MOST_LABEL_BYTES:
            break
        encoded = longer
    return encoded
