"""What the use cases need of the world. Each docstring is the contract its adapters keep."""

from audio_stream.usecases.ports.blobs import Blob, BlobStore, Manifests
from audio_stream.usecases.ports.catalog import RecordingCatalog, TrackCatalog, TrackPage
from audio_stream.usecases.ports.clock import Clock
from audio_stream.usecases.ports.live import (
    Broadcast,
    LiveFeed,
    LiveMp3,
    LiveTranscoder,
    StationStatus,
    Transcoding,
)
from audio_stream.usecases.ports.media import Finalised, MediaTool, Mp3Converter
from audio_stream.usecases.ports.old_library import OldLibrary, OldTrack
from audio_stream.usecases.ports.reporting import EventSink, Health, Journal
from audio_stream.usecases.ports.spool import Scratch, Spool, SpoolFile
from audio_stream.usecases.ports.track_work import TrackWork

__all__ = [
    "Blob",
    "BlobStore",
    "Broadcast",
    "Clock",
    "EventSink",
    "Finalised",
    "Health",
    "Journal",
    "LiveFeed",
    "LiveMp3",
    "LiveTranscoder",
    "Manifests",
    "MediaTool",
    "Mp3Converter",
    "OldLibrary",
    "OldTrack",
    "RecordingCatalog",
    "Scratch",
    "Spool",
    "SpoolFile",
    "StationStatus",
    "TrackCatalog",
    "TrackPage",
    "TrackWork",
    "Transcoding",
]
