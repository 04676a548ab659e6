"""Recordings and tracks to try the catalog and the manifests with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from audio_stream.domain.ids import RecordingId, StationSlug, TrackId
from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.titles import clean_title
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    Track,
    TrackState,
)

NOON = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)
"""With microseconds, for those must come back."""


def recording(number: int, **changes: Any) -> Recording:  # noqa: ANN401 - any field
    """Return a recording that started `number` minutes after noon."""
    plain = Recording(
        id=RecordingId(f"{number:032x}"),
        station=StationSlug("main"),
        title=clean_title(f"Recording {number}"),
        live=True,
        claimed_type="audio/webm;codecs=opus",
        started_at=NOON + timedelta(minutes=number),
    )
    return replace(plain, **changes)


def track(number: int, **changes: Any) -> Track:  # noqa: ANN401 - any field
    """Return a track that was made `number` minutes after noon."""
    plain = Track(
        id=TrackId(f"{number:032x}"),
        name=f"track-{number}",
        title=clean_title(f"Track {number}"),
        station=StationSlug("main"),
        created_at=NOON + timedelta(minutes=number),
    )
    return replace(plain, **changes)


FULL_RECORDING = recording(
    0xFEDCBA,
    station=StationSlug("jazz-fm"),
    title=clean_title("Ümläut 🎷 100% 'quoted' \\ <b>"),
    live=False,
    claimed_type="video/mp4",
    started_at=NOON,
    state=RecordingState.FAILED,
    length_bytes=5_000_000_000,
    reason="The disk failed.",
    interrupted_at=NOON + timedelta(hours=1, microseconds=1),
)
"""No field has its default but those that only saving and discarding change."""

FULL_TRACK = track(
    0xFEDCBA,
    station=StationSlug("jazz-fm"),
    title=clean_title("Ümläut 🎷 100% 'quoted' \\ <b>"),
    created_at=NOON,
    name="umlaut-100-fedcba",
    state=TrackState.READY,
    reason="Kept raw.",
    duration_s=3601.0625,
    incomplete=True,
    revision="r2",
    spool_bytes=5_000_000_001,
    waveform_key="waveforms/0/r2.json",
    original=Rendition(
        kind=RenditionKind.ORIGINAL,
        state=RenditionState.READY,
        reason="A reason.",
        key="originals/0/r2.webm",
        mime_type='audio/webm; codecs="opus"',
        size_bytes=4_999_999_999,
    ),
    mp3=Rendition(
        kind=RenditionKind.MP3,
        state=RenditionState.FAILED,
        reason="The converter was killed.",
        key="mp3/0/r2.mp3",
        mime_type="audio/mpeg",
        size_bytes=1,
    ),
)
"""No field has its default but the version."""
