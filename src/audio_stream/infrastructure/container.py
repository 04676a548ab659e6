"""The wiring: which adapter stands behind which port, and what each thing is given."""

# dependency-injector's providers are Any to the type checker: their attributes cannot be checked.
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from audio_stream.adapters.blob.awaited_mp3 import AwaitedMp3Converter
from audio_stream.adapters.blob.file import FileBlobStore
from audio_stream.adapters.blob.manifests import BlobManifests
from audio_stream.adapters.blob.s3 import S3BlobStore
from audio_stream.adapters.blob.s3_client import S3Options
from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.adapters.files import Files
from audio_stream.adapters.http.health_controller import HealthController
from audio_stream.adapters.http.legacy_controller import LegacyController
from audio_stream.adapters.http.live_controller import LiveController
from audio_stream.adapters.http.metrics_controller import MetricsController
from audio_stream.adapters.http.page_events import EventsController, PageEvents
from audio_stream.adapters.http.pages_controller import Appearance, PagesController
from audio_stream.adapters.http.recordings_controller import IngestOptions, RecordingsController
from audio_stream.adapters.http.room import Room
from audio_stream.adapters.http.tracks_controller import TracksController
from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from audio_stream.adapters.live.mp3_feed import Mp3Feed
from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.adapters.media.live_mp3 import FfmpegLiveTranscoder
from audio_stream.adapters.media.local_mp3 import LocalMp3Converter
from audio_stream.adapters.media.locate import locate_ffmpeg
from audio_stream.adapters.spool.folder_spool import FolderSpool
from audio_stream.adapters.spool.folder_spool_file import Fsync
from audio_stream.infrastructure.background import BackgroundTrackWork
from audio_stream.infrastructure.clock import SystemClock
from audio_stream.infrastructure.descriptors import descriptors_for_visitors
from audio_stream.infrastructure.logs import LogJournal
from audio_stream.infrastructure.metrics import UploadMetrics, new_registry
from audio_stream.infrastructure.resources import web_folder
from audio_stream.infrastructure.resuming import Resuming
from audio_stream.infrastructure.scratch import FolderScratch
from audio_stream.infrastructure.settings import Settings
from audio_stream.infrastructure.upload_pool import UploadPool
from audio_stream.usecases.adopt_old_tracks import AdoptOldTracks
from audio_stream.usecases.append_chunk import AppendChunk, IngestLimits
from audio_stream.usecases.append_first_chunk import AppendFirstChunk
from audio_stream.usecases.check_readiness import CheckReadiness
from audio_stream.usecases.delete_track import DeleteTrack
from audio_stream.usecases.discard_recording import DiscardRecording
from audio_stream.usecases.expire_recordings import ExpireRecordings
from audio_stream.usecases.fail_recording import FailRecording
from audio_stream.usecases.finish_recording import FinishRecording
from audio_stream.usecases.forget_track import ForgetTrack
from audio_stream.usecases.index_library import IndexLibrary
from audio_stream.usecases.index_spool import IndexSpool
from audio_stream.usecases.interrupt_recordings import InterruptRecordings
from audio_stream.usecases.keep_recording import KeepRecording
from audio_stream.usecases.list_tracks import ListTracks
from audio_stream.usecases.mend_track import MendTrack
from audio_stream.usecases.open_recordings import OpenRecordings
from audio_stream.usecases.open_track import OpenTrack
from audio_stream.usecases.process_track import ProcessTrack
from audio_stream.usecases.promise_track import PromiseTrack
from audio_stream.usecases.read_recording import ReadRecording
from audio_stream.usecases.read_track import ReadTrack
from audio_stream.usecases.reconcile_library import ReconcileLibrary
from audio_stream.usecases.rename_track import RenameTrack
from audio_stream.usecases.resume_work import ResumeWork
from audio_stream.usecases.retry_mp3 import RetryMp3
from audio_stream.usecases.spool_quota import SpoolQuota
from audio_stream.usecases.start_recording import StartRecording
from audio_stream.usecases.store_original import StoreOriginal
from audio_stream.usecases.track_blobs import TrackBlobs
from audio_stream.usecases.track_changes import TrackChanges

if TYPE_CHECKING:
    from sqlalchemy import URL

_CHECKED_CHUNK_BYTES = 64 * 2**20
_TURN_TIMEOUT_S = 5.0


def _database_url(settings: Settings) -> URL | str:
    file = settings.catalog_file
    return sqlite_url(file) if file else settings.database_url or ""


def _kind_of_store(settings: Settings) -> str:
    return "folder" if settings.media_persist_s3_bucket_name is None else "s3"


def _tracks_at_once(settings: Settings) -> int:
    """As many as ffmpeg may work on, and where they are uploaded as many more as that takes."""
    uploads = 0 if settings.media_persist_s3_bucket_name is None else settings.upload_workers
    return settings.media_workers + uploads


class Container(containers.DeclarativeContainer):
    """Everything that serving needs, made once each."""

    settings = providers.Dependency(instance_of=Settings)
    _data_dir = settings.provided.data_dir
    _resume_window = providers.Singleton(timedelta, seconds=settings.provided.resume_window_s)

    clock = providers.Singleton(SystemClock)
    journal = providers.Singleton(LogJournal)
    files = providers.Singleton(Files)
    events = providers.Singleton(PageEvents)
    catalog = providers.Singleton(SqlCatalog, providers.Callable(_database_url, settings))
    spool = providers.Singleton(
        FolderSpool,
        providers.Callable(lambda folder: folder / "spool", _data_dir),
        files=files,
        fsync=providers.Callable(Fsync, settings.provided.fsync),
        reserve_bytes=settings.provided.disk_reserve,
    )
    scratch = providers.Singleton(
        FolderScratch, providers.Callable(lambda folder: folder / "scratch", _data_dir)
    )
    _store = providers.Callable(_kind_of_store, settings)
    s3_options = providers.Singleton(
        S3Options,
        bucket=settings.provided.media_persist_s3_bucket_name,
        region=settings.provided.aws_default_region,
        profile=settings.provided.aws_profile,
        endpoint_url=settings.provided.aws_endpoint_url,
    )
    uploads = providers.Singleton(UploadPool, s3_options, workers=settings.provided.upload_workers)
    blobs = providers.Selector(
        _store,
        folder=providers.Singleton(
            FileBlobStore,
            providers.Callable(lambda folder: folder / "library", _data_dir),
            files=files,
        ),
        s3=providers.Singleton(S3BlobStore, s3_options, events=events, uploads=uploads),
    )
    manifests = providers.Singleton(BlobManifests, blobs)
    media = providers.Singleton(
        FfmpegMedia,
        providers.Callable(locate_ffmpeg),
        mp3_bitrate=settings.provided.mp3_bitrate,
        time_limit_s=settings.provided.media_timeout_s,
        at_once=settings.provided.media_workers,
    )
    mp3_converter = providers.Selector(
        _store,
        folder=providers.Singleton(
            LocalMp3Converter, blob_store=blobs, media=media, scratch=scratch
        ),
        s3=providers.Singleton(
            AwaitedMp3Converter,
            blobs=blobs,
            announce=blobs.provided.announce,
            clock=clock,
            patience_s=settings.provided.mp3_patience_s,
        ),
    )
    live = providers.Singleton(
        MemoryLiveFeed,
        default_station=settings.provided.station,
        events=events,
        clock=clock,
        drop_after_s=settings.provided.listener_timeout_s,
        most_listeners=settings.provided.max_listeners,
    )
    live_mp3 = providers.Singleton(
        Mp3Feed,
        live=live,
        transcoder=providers.Singleton(
            FfmpegLiveTranscoder,
            providers.Callable(locate_ffmpeg),
            bitrate=settings.provided.live_mp3_bitrate,
        ),
        clock=clock,
        journal=journal,
        linger_s=settings.provided.live_mp3_linger_s,
    )

    track_changes = providers.Singleton(
        TrackChanges, catalog=catalog, manifests=manifests, events=events
    )
    track_blobs = providers.Singleton(TrackBlobs, blobs)
    forget_track = providers.Singleton(
        ForgetTrack,
        catalog=catalog,
        manifests=manifests,
        blobs=track_blobs,
        events=events,
        changes=track_changes,
    )
    store_original = providers.Singleton(
        StoreOriginal,
        spool=spool,
        scratch=scratch,
        media=media,
        blobs=blobs,
        track_blobs=track_blobs,
        changes=track_changes,
    )
    mend_track = providers.Singleton(MendTrack, blobs=blobs, changes=track_changes, journal=journal)
    process_track = providers.Singleton(
        ProcessTrack,
        tracks=catalog,
        recordings=catalog,
        spool=spool,
        track_blobs=track_blobs,
        mend_track=mend_track,
        store_original=store_original,
        mp3_converter=mp3_converter,
        changes=track_changes,
        forget_track=forget_track,
        journal=journal,
    )
    work = providers.Singleton(
        BackgroundTrackWork,
        process_track=process_track,
        journal=journal,
        places=providers.Callable(_tracks_at_once, settings),
    )

    open_recordings = providers.Singleton(
        OpenRecordings,
        catalog=catalog,
        spool=spool,
        live=live,
        clock=clock,
        journal=journal,
        resume_window=_resume_window,
        turn_timeout_s=_TURN_TIMEOUT_S,
    )
    keep_recording = providers.Singleton(KeepRecording, catalog=catalog, spool=spool)
    promise_track = providers.Singleton(PromiseTrack, catalog=catalog, work=work, events=events)
    finish_recording = providers.Singleton(
        FinishRecording,
        spool=spool,
        open_recordings=open_recordings,
        keep_recording=keep_recording,
        promise_track=promise_track,
    )
    fail_recording = providers.Singleton(
        FailRecording,
        spool=spool,
        open_recordings=open_recordings,
        keep_recording=keep_recording,
        promise_track=promise_track,
        journal=journal,
    )
    spool_quota = providers.Singleton(SpoolQuota, spool, settings.provided.spool_quota)
    start_recording = providers.Singleton(
        StartRecording,
        catalog=catalog,
        spool=spool,
        live=live,
        clock=clock,
        open_recordings=open_recordings,
        spool_quota=spool_quota,
        max_recording_bytes=settings.provided.max_recording_size,
        max_open_recordings=settings.provided.max_open_recordings,
    )
    append_chunk = providers.Singleton(
        AppendChunk,
        clock=clock,
        open_recordings=open_recordings,
        keep_recording=keep_recording,
        finish_recording=finish_recording,
        fail_recording=fail_recording,
        spool_quota=spool_quota,
        limits=providers.Factory(
            IngestLimits,
            recording_bytes=settings.provided.max_recording_size,
            checked_chunk_bytes=_CHECKED_CHUNK_BYTES,
            body_timeout_s=settings.provided.body_timeout_s,
        ),
    )
    read_recording = providers.Singleton(
        ReadRecording,
        catalog=catalog,
        spool=spool,
        live=live,
        open_recordings=open_recordings,
        finish_recording=finish_recording,
        fail_recording=fail_recording,
    )
    discard_recording = providers.Singleton(
        DiscardRecording,
        catalog=catalog,
        spool=spool,
        open_recordings=open_recordings,
        forget_track=forget_track,
    )
    append_first_chunk = providers.Singleton(
        AppendFirstChunk, append=append_chunk, read=read_recording, discard=discard_recording
    )
    interrupt_recordings = providers.Singleton(
        InterruptRecordings,
        clock=clock,
        open_recordings=open_recordings,
        keep_recording=keep_recording,
        finish_recording=finish_recording,
        fail_recording=fail_recording,
        promise_track=promise_track,
        journal=journal,
        silence_s=settings.provided.silence_s,
    )
    expire_recordings = providers.Singleton(
        ExpireRecordings,
        recordings=catalog,
        tracks=catalog,
        spool=spool,
        clock=clock,
        open_recordings=open_recordings,
        journal=journal,
        resume_window=_resume_window,
    )
    index_spool = providers.Singleton(
        IndexSpool,
        catalog=catalog,
        spool=spool,
        clock=clock,
        journal=journal,
        default_station=settings.provided.station,
    )
    index_library = providers.Singleton(
        IndexLibrary, catalog=catalog, manifests=manifests, journal=journal
    )
    resume_work = providers.Singleton(
        ResumeWork,
        tracks=catalog,
        recordings=catalog,
        index_spool=index_spool,
        index_library=index_library,
        spool=spool,
        open_recordings=open_recordings,
        finish_recording=finish_recording,
        promise_track=promise_track,
        discard_recording=discard_recording,
        work=work,
        journal=journal,
    )
    reconcile_library = providers.Singleton(
        ReconcileLibrary,
        tracks=catalog,
        recordings=catalog,
        manifests=manifests,
        blobs=blobs,
        track_blobs=track_blobs,
        spool=spool,
        changes=track_changes,
        work=work,
        events=events,
        journal=journal,
    )
    resuming = providers.Singleton(
        Resuming, resume_work=resume_work, reconcile_library=reconcile_library, journal=journal
    )
    check_readiness = providers.Singleton(
        CheckReadiness,
        providers.Selector(
            _store,
            folder=providers.List(spool, work, resuming),
            s3=providers.List(spool, blobs, work, resuming),
        ),
    )
    metrics = providers.Selector(
        _store,
        folder=providers.Singleton(new_registry),
        s3=providers.Singleton(
            new_registry, providers.Singleton(UploadMetrics, uploads.provided.status)
        ),
    )
    adopt_old_tracks = providers.Singleton(
        AdoptOldTracks,
        catalog=catalog,
        manifests=manifests,
        blobs=blobs,
        media=media,
        scratch=scratch,
        journal=journal,
        station=settings.provided.station,
    )
    list_tracks = providers.Singleton(ListTracks, catalog)
    read_track = providers.Singleton(ReadTrack, catalog)
    rename_track = providers.Singleton(RenameTrack, changes=track_changes, live=live)
    retry_mp3 = providers.Singleton(
        RetryMp3, catalog=catalog, converter=mp3_converter, changes=track_changes, work=work
    )
    delete_track = providers.Singleton(
        DeleteTrack,
        catalog=catalog,
        discard_recording=discard_recording,
        forget_track=forget_track,
        work=work,
    )
    open_track = providers.Singleton(OpenTrack, catalog=catalog, blobs=blobs)

    room = providers.Singleton(Room, providers.Callable(descriptors_for_visitors))
    pages_controller = providers.Singleton(
        PagesController,
        web_folder=providers.Callable(web_folder),
        appearance=providers.Factory(
            Appearance, title=settings.provided.title, cover=settings.provided.cover
        ),
    )
    controllers = providers.List(
        providers.Singleton(HealthController, check_readiness),
        providers.Singleton(MetricsController, metrics),
        providers.Singleton(
            RecordingsController,
            start=start_recording,
            append=append_chunk,
            append_first=append_first_chunk,
            read=read_recording,
            discard=discard_recording,
            clock=clock,
            options=providers.Factory(
                IngestOptions,
                default_station=settings.provided.station,
                max_recording_bytes=settings.provided.max_recording_size,
                resume_window=_resume_window,
            ),
        ),
        providers.Singleton(
            LiveController,
            live=live,
            mp3=live_mp3,
            default_station=settings.provided.station,
            room=room,
        ),
        providers.Singleton(EventsController, events=events, live=live, room=room),
        providers.Singleton(
            TracksController,
            list_tracks=list_tracks,
            read=read_track,
            rename=rename_track,
            delete=delete_track,
            retry_mp3=retry_mp3,
            open_track=open_track,
            body_timeout_s=settings.provided.body_timeout_s,
        ),
        providers.Singleton(
            LegacyController, list_tracks=list_tracks, read=read_track, open_track=open_track
        ),
        pages_controller,
    )
