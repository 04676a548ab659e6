"""`/metrics` tells what the program does, in Prometheus's formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from audio_stream.infrastructure.metrics import UploadMetrics, new_registry
from audio_stream.infrastructure.upload_pool import UploadStatus

if TYPE_CHECKING:
    from fakes.moto_server import Bucket
    from served import Product, Serve


def figures(text: str) -> dict[str, float]:
    """Return each sample's value by its name and labels' values."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_each_figure_of_the_pool_is_told_under_its_own_name() -> None:
    status = UploadStatus(
        queued=1,
        busy_workers=2,
        idle_workers=3,
        stored_files=4,
        stored_bytes=5,
        failures=6,
        lost_workers=7,
    )
    registry = new_registry(UploadMetrics(lambda: status))
    told = {
        name: registry.get_sample_value(f"audio_stream_{name}")
        for name in (
            "upload_queue",
            "uploaded_files_total",
            "uploaded_bytes_total",
            "upload_failures_total",
            "upload_workers_lost_total",
        )
    }
    assert list(told.values()) == [1, 4, 5, 6, 7]
    for state, number in (("busy", 2), ("idle", 3)):
        assert registry.get_sample_value("audio_stream_upload_workers", {"state": state}) == number


async def test_a_server_without_s3_tells_of_its_own_process(product: Product) -> None:
    response = await product.client.get("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    told = figures(await response.text())
    assert told["process_resident_memory_bytes"] > 0
    assert not any("upload" in name for name in told)


async def test_a_server_with_s3_tells_of_its_uploads_too(serve: Serve, bucket: Bucket) -> None:
    product = await serve(media_persist_s3_bucket_name=bucket.name, aws_endpoint_url=bucket.url)
    told = figures(await (await product.client.get("/metrics")).text())
    assert told["audio_stream_upload_queue"] == 0
    assert told["audio_stream_upload_workers busy"] == 0


async def test_a_client_that_prefers_openmetrics_gets_it(product: Product) -> None:
    wanted = {"Accept": "application/openmetrics-text; version=1.0.0"}
    response = await product.client.get("/metrics", headers=wanted)
    assert response.content_type == "application/openmetrics-text"
    assert (await response.text()).endswith("# EOF\n")
