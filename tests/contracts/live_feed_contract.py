"""What every live feed keeps. Time passes only where a test lets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from audio_stream.domain.containers.segments import MediaSegment
from audio_stream.domain.errors import StationBusy, StationNotFound, StationOffAir
from audio_stream.domain.events import StationChanged
from audio_stream.domain.ids import RecordingId, StationSlug
from audio_stream.domain.recordings import Recording
from audio_stream.domain.titles import Title
from audio_stream.usecases.ports import LiveFeed, StationStatus
from fakes.memory_events import MemoryEvents
from fakes.memory_timers import MemoryTimers
from fakes.memory_transport import MemoryTransport

MAIN = StationSlug("main")
JAZZ = StationSlug("jazz")
TYPE = "audio/webm;codecs=opus"
INITIALIZATION = b"<init>"
STARTED_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def recording(number: int = 1, station: StationSlug = MAIN, title: str = "Monday") -> Recording:
    return Recording(
        id=RecordingId(f"{number:032x}"),
        station=station,
        title=Title(title),
        live=True,
        claimed_type="",
        started_at=STARTED_AT,
    )


def segment(time_s: float, size_bytes: int = 0) -> MediaSegment:
    """Return a segment that tells its own time."""
    text = f"[{time_s:g}]".encode()
    return MediaSegment(text + b"." * (size_bytes - len(text)), time_s, 0)


def publish(feed: LiveFeed, source: Recording, *times_s: float) -> None:
    feed.publish(
        source,
        media_type=TYPE,
        initialization=INITIALIZATION,
        segments=[segment(time_s) for time_s in times_s],
    )


def go_on_air(feed: LiveFeed, source: Recording, *times_s: float) -> None:
    feed.claim(source)
    publish(feed, source, *times_s)


def listen(
    feed: LiveFeed, station: StationSlug = MAIN, *, backlog_s: float = 0, chunked: bool = False
) -> MemoryTransport:
    transport = MemoryTransport()
    feed.on_air(station).join(transport, chunked=chunked, backlog_s=backlog_s)
    return transport


def unchunked(sent: bytes) -> tuple[list[bytes], bytes]:
    """Return the chunks of a body (RFC 9112 §7.1), and what comes after the last whole one."""
    chunks = []
    while b"\r\n" in sent:
        size, rest = sent.split(b"\r\n", 1)
        length = int(size, 16)
        if len(rest) < length + 2:
            break
        assert rest[length : length + 2] == b"\r\n"
        chunks.append(rest[:length])
        sent = rest[length + 2 :]
    return chunks, bytes(sent)


class LiveFeedContract:
    """Subclassed with a fixture `feed`, whose default station is `main`."""

    @pytest.fixture
    def timers(self) -> MemoryTimers:
        return MemoryTimers()

    @pytest.fixture
    def events(self) -> MemoryEvents:
        return MemoryEvents()

    def test_the_default_station_is_known_and_off_air_at_first(self, feed: LiveFeed) -> None:
        assert feed.stations() == [StationStatus(MAIN, Title(""), False, None, 0, None)]  # noqa: FBT003 - in the order of the fields
        with pytest.raises(StationOffAir):
            feed.on_air(MAIN)

    def test_a_station_nobody_has_used_is_not_found(self, feed: LiveFeed) -> None:
        with pytest.raises(StationNotFound):
            feed.on_air(JAZZ)

    def test_a_station_has_one_source_at_a_time(self, feed: LiveFeed) -> None:
        feed.claim(recording(1))
        with pytest.raises(StationBusy) as caught:
            feed.claim(recording(2, title="Tuesday"))
        assert caught.value.title == "Monday"
        assert caught.value.since == STARTED_AT

    def test_claiming_again_what_one_has_is_fine(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording(1), 0)
        feed.claim(recording(1))
        assert feed.carries(recording(1).id)

    def test_a_claimed_station_is_off_air_until_its_initialization_has_come(
        self, feed: LiveFeed
    ) -> None:
        feed.claim(recording())
        assert not feed.stations()[0].live
        assert not feed.carries(recording().id)
        with pytest.raises(StationOffAir):
            feed.on_air(MAIN)
        publish(feed, recording())
        assert feed.stations()[0].live
        assert feed.carries(recording().id)
        assert feed.on_air(MAIN).media_type == TYPE

    def test_a_recording_without_the_station_is_not_heard(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording(1))
        listener = listen(feed)
        publish(feed, recording(2), 5)
        publish(feed, recording(3, station=JAZZ), 5)
        assert listener.sent == INITIALIZATION
        assert not feed.carries(recording(2).id)

    def test_releasing_what_one_does_not_have_disturbs_nobody(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording(1))
        listener = listen(feed)
        feed.release(recording(2).id)
        assert not listener.lost
        assert feed.carries(recording(1).id)

    def test_every_listener_hears_every_segment_once_in_order(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording())
        listeners = [listen(feed) for _ in range(3)]
        for time_s in range(5):
            publish(feed, recording(), time_s)
            timers.let_pass(0.25)
        assert {bytes(x.sent) for x in listeners} == {INITIALIZATION + b"[0][1][2][3][4]"}

    def test_a_joiner_gets_the_newest_seconds_and_then_all_that_follows(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording(), *range(10))
        timers.let_pass(1)
        listener = listen(feed, backlog_s=3)
        publish(feed, recording(), 10)
        timers.let_pass(1)
        assert listener.sent == INITIALIZATION + b"[7][8][9][10]"

    def test_a_joiner_that_wants_no_backlog_begins_at_the_edge(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording(), *range(10))
        assert listen(feed, backlog_s=0).sent == INITIALIZATION

    def test_chunked_framing_holds_whole_segments(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording(), 1)
        listener = listen(feed, chunked=True, backlog_s=30)
        publish(feed, recording(), 2)
        timers.let_pass(1)
        feed.release(recording().id)
        assert unchunked(bytes(listener.sent)) == ([INITIALIZATION + b"[1]", b"[2]", b""], b"")

    def test_nothing_to_begin_with_does_not_end_a_chunked_response(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        feed.claim(recording())
        mp3 = partial(feed.publish, recording(), media_type="audio/mpeg", initialization=b"")
        mp3(segments=[segment(1)])
        timers.let_pass(1)
        listener = listen(feed, chunked=True)
        mp3(segments=[segment(2)])
        timers.let_pass(1)
        assert unchunked(bytes(listener.sent)) == ([b"[2]"], b"")

    def test_the_end_of_the_recording_ends_every_response(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording())
        plain, chunked = listen(feed), listen(feed, chunked=True)
        publish(feed, recording(), 1)
        feed.release(recording().id)
        assert plain.sent == INITIALIZATION + b"[1]"
        assert chunked.sent.endswith(b"[1]\r\n0\r\n\r\n")
        assert plain.lost
        assert chunked.lost
        with pytest.raises(StationOffAir):
            feed.on_air(MAIN)

    def test_after_the_release_another_recording_may_have_the_station(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording(1), 1)
        feed.release(recording(1).id)
        go_on_air(feed, recording(2, title="Tuesday"), 7)
        assert feed.stations()[0].title == "Tuesday"
        assert listen(feed, backlog_s=30).sent == INITIALIZATION + b"[7]"

    def test_joining_what_has_just_ended_ends_at_once(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording(), 1)
        broadcast = feed.on_air(MAIN)
        feed.release(recording().id)
        transport = MemoryTransport()
        broadcast.join(transport, chunked=True, backlog_s=30)
        assert transport.sent == b"0\r\n\r\n"
        assert transport.lost

    def test_another_initialization_begins_another_broadcast(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording(), 1)
        early = listen(feed)
        feed.publish(
            recording(), media_type="audio/ogg", initialization=b"<ogg>", segments=[segment(2)]
        )
        timers.let_pass(1)
        assert early.sent == INITIALIZATION
        assert early.lost
        assert listen(feed, backlog_s=30).sent == b"<ogg>[2]"
        assert feed.stations()[0].mime_type == "audio/ogg"

    def test_stations_are_apart(self, feed: LiveFeed, timers: MemoryTimers) -> None:
        go_on_air(feed, recording(1), 1)
        go_on_air(feed, recording(2, station=JAZZ), 2)
        main, jazz = listen(feed), listen(feed, JAZZ)
        publish(feed, recording(2, station=JAZZ), 3)
        timers.let_pass(1)
        feed.release(recording(1).id)
        assert main.sent == INITIALIZATION
        assert jazz.sent == INITIALIZATION + b"[3]"
        assert main.lost
        assert not jazz.lost

    def test_stations_are_listed_default_first_then_by_name(self, feed: LiveFeed) -> None:
        for number, name in enumerate(("zebra", "main", "aria")):
            feed.claim(recording(number, station=StationSlug(name)))
        assert [s.station for s in feed.stations()] == ["main", "aria", "zebra"]

    def test_a_station_off_air_that_nobody_asks_for_is_forgotten_after_an_hour(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording(station=JAZZ))
        timers.let_pass(7200)
        assert [s.station for s in feed.stations()] == [MAIN, JAZZ]
        feed.release(recording().id)
        timers.let_pass(3599)
        assert [s.station for s in feed.stations()] == [MAIN, JAZZ]
        timers.let_pass(1)
        with pytest.raises(StationNotFound):
            feed.on_air(JAZZ)
        assert [s.station for s in feed.stations()] == [MAIN]

    def test_a_station_that_somebody_waits_for_is_remembered(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording(station=JAZZ))
        feed.release(recording().id)
        for _ in range(10):
            timers.let_pass(1800)
            with pytest.raises(StationOffAir):
                feed.on_air(JAZZ)
        assert [s.station for s in feed.stations()] == [MAIN, JAZZ]

    def test_a_claimed_station_is_remembered_however_long_its_first_sound_takes(
        self, feed: LiveFeed, timers: MemoryTimers
    ) -> None:
        feed.claim(recording(station=JAZZ))
        timers.let_pass(7200)
        assert [s.station for s in feed.stations()] == [MAIN, JAZZ]
        publish(feed, recording(station=JAZZ), 1)
        assert feed.carries(recording().id)

    def test_a_status_tells_what_a_listener_wants_to_know(self, feed: LiveFeed) -> None:
        go_on_air(feed, recording())
        listen(feed)
        gone = listen(feed)
        gone.abort()
        assert feed.stations()[0] == StationStatus(
            station=MAIN,
            title=Title("Monday"),
            live=True,
            started_at=STARTED_AT,
            listeners=1,
            mime_type=TYPE,
        )

    def test_going_on_and_off_air_and_a_new_title_are_news(
        self, feed: LiveFeed, events: MemoryEvents
    ) -> None:
        feed.claim(recording())
        assert events.published == []
        publish(feed, recording(), 1)
        assert events.published == [StationChanged(MAIN)]
        feed.title_changed(recording().id, Title("Evening"))
        assert feed.stations()[0].title == "Evening"
        assert events.published == [StationChanged(MAIN)] * 2
        publish(feed, replace(recording(), title=Title("Monday")), 2)
        assert feed.stations()[0].title == "Evening"
        feed.release(recording().id)
        assert events.published == [StationChanged(MAIN)] * 3

    def test_a_title_of_a_recording_not_on_air_is_no_news(
        self, feed: LiveFeed, events: MemoryEvents
    ) -> None:
        feed.title_changed(recording().id, Title("Evening"))
        assert events.published == []

    def test_the_audience_is_news_at_most_once_a_second(
        self, feed: LiveFeed, events: MemoryEvents, timers: MemoryTimers
    ) -> None:
        go_on_air(feed, recording())
        events.published.clear()
        for _ in range(25):
            listen(feed)
            listen(feed).abort()
            timers.let_pass(0.1)
        assert events.published == [StationChanged(MAIN)] * 2
        timers.let_pass(5)
        assert len(events.published) == 3
