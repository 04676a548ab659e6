"""What MP4 tells of Opus, put right where an encoder wrote it backwards.

Encapsulation of Opus in ISO Base Media File Format §4.3.2: the numbers in a `dOps` box are
big-endian. GStreamer 1.22, and with it WebKitGTK's recorder, writes them little-endian, as
they are in Ogg. Chromium refuses such a file, and ffmpeg leaves out the first 0.3 s of it.
"""

from __future__ import annotations

_BEGINNING = (19).to_bytes(4, "big") + b"dOps\0"
_RATE_AT = len(_BEGINNING) + 3
_NUMBERS = ((len(_BEGINNING) + 1, 2), (_RATE_AT, 4), (_RATE_AT + 4, 2))
"""Where the pre-skip, the input's sample rate and the gain lie, and how wide they are."""
_BOX_BYTES = 19
_HIGHEST_RATE_HZ = 1 << 20


def backward_opus(data: bytes) -> tuple[int, bytes] | None:
    """Return where in `data` a backward `dOps` box begins, and the box put right; or None.

    Only one without a channel mapping table is known: such has 19 bytes.
    """
    at = data.find(_BEGINNING)
    box = data[at : at + _BOX_BYTES]
    if at < 0 or len(box) < _BOX_BYTES:
        return None
    rate = box[_RATE_AT : _RATE_AT + 4]
    if not 0 < int.from_bytes(rate, "little") < _HIGHEST_RATE_HZ < int.from_bytes(rate, "big"):
        return None
    mended = bytearray(box)
    for start, width in _NUMBERS:
        mended[start : start + width] = box[start : start + width][::-1]
    return at, bytes(mended)
