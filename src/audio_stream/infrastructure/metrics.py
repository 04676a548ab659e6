"""What the program counts, for those who watch it: Prometheus metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric

    from audio_stream.infrastructure.upload_pool import UploadStatus


def new_registry(*collectors: Collector) -> CollectorRegistry:
    """Return a registry of this process's own figures and of what these collect."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    for collector in collectors:
        registry.register(collector)
    return registry


class UploadMetrics(Collector):
    """The upload pool's figures, read when they are asked for."""

    def __init__(self, status: Callable[[], UploadStatus]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Yield them as they are now."""
        status = self._status()
        yield GaugeMetricFamily(
            "audio_stream_upload_queue", "Files that wait for a worker.", status.queued
        )
        workers = GaugeMetricFamily(
            "audio_stream_upload_workers", "Upload processes by what they do.", labels=["state"]
        )
        workers.add_metric(["busy"], status.busy_workers)
        workers.add_metric(["idle"], status.idle_workers)
        yield workers
        for name, meaning, count in (
            ("uploaded_files", "Files that were stored.", status.stored_files),
            ("uploaded_bytes", "Bytes of them that were sent.", status.stored_bytes),
            ("upload_failures", "Files that could not be stored at a try.", status.failures),
            ("upload_workers_lost", "Upload processes that ended at work.", status.lost_workers),
        ):
            yield CounterMetricFamily(f"audio_stream_{name}", meaning, count)
