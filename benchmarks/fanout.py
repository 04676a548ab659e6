"""How many listeners one core carries: this server beside Icecast 2 and a bare C loop.

    python benchmarks/fanout.py --listeners 5000 --rounds 3

Each server in turn has a core to itself; the source and the listeners (load_listeners.c) have
another. A segment carries the time it was made, so that each listener's delay is measured from
the source's hand to the listener's. What counts is CPU per delivered byte: a server that drops
listeners is not cheaper for it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fanout_load import Load
from fanout_servers import Floor, Icecast, IcecastWebm, Product, Server, cpu_s, pin, resident_bytes
from fanout_source import Source

KIBIBYTE = 1024


@dataclass(frozen=True)
class Result:
    """What one server did for its listeners."""

    name: str
    cores: float
    cpu_us_per_listener_s: float
    cpu_ns_per_byte: float
    delivered: float
    median_ms: float
    p99_ms: float
    bytes_per_listener: float
    join_median_ms: float
    join_p99_ms: float
    joins_per_s: float
    longest_ack_ms: float
    """How long the source waited at most while listeners joined."""
    refused: int


def main() -> int:
    options = _options()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(4096, 2 * max(options.listeners) + 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    pin("load")
    kinds: list[type[Server]] = []
    for kind in (Product, Icecast, IcecastWebm, Floor):
        if kind.missing() or kind.__name__.lower() not in options.servers:
            print(f"# {kind.name}: {kind.missing() or 'not asked for'}", file=sys.stderr)
        else:
            kinds.append(kind)
    for listeners in options.listeners:
        _print_table(_compare(kinds, listeners, options), listeners, options)
    return 0


def _compare(
    kinds: list[type[Server]], listeners: int, options: argparse.Namespace
) -> list[Result]:
    """Let the servers take turns; return the round of each whose cost lies in the middle."""
    rounds: dict[type[Server], list[Result]] = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind in kinds:
            with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
                result = _measure(kind, Path(folder), listeners, options)
            rounds[kind].append(result)
            print(_row(result), file=sys.stderr)
    return [
        sorted(results, key=lambda r: r.cpu_ns_per_byte)[len(results) // 2]
        for results in rounds.values()
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--listeners",
        type=lambda text: [int(count) for count in text.split(",")],
        default=[1000],
        help="how many; several counts with commas give a table each",
    )
    parser.add_argument("--segments-per-second", type=float, default=4)
    parser.add_argument("--seconds", type=float, default=12, help="how long to measure")
    parser.add_argument(
        "--rounds",
        type=int,
        default=1,
        help="take turns so often, and show each one's median round",
    )
    parser.add_argument("--join-per-second", type=float, default=2000)
    parser.add_argument("--bitrate-bps", type=int, default=128_000)
    parser.add_argument(
        "--servers",
        type=lambda text: text.split(","),
        default=["product", "icecast", "icecastwebm", "floor"],
    )
    return parser.parse_args()


def _measure(
    kind: type[Server], folder: Path, listeners: int, options: argparse.Namespace
) -> Result:
    segment_bytes = int(options.bitrate_bps / 8 / options.segments_per_second)
    with kind(folder) as server:
        source = Source(server, segment_bytes, options.segments_per_second)
        with source:
            time.sleep(1.5)
            idle_bytes = resident_bytes(server.pid)
            with Load(folder, server, listeners, options.join_per_second) as load:
                time.sleep(1.5)
                began_ns, began_cpu_s = time.monotonic_ns(), cpu_s(server.pid)
                time.sleep(options.seconds)
                ended_ns, ended_cpu_s = time.monotonic_ns(), cpu_s(server.pid)
                held_bytes = resident_bytes(server.pid) - idle_bytes
                time.sleep(1.5)
                heard = load.heard(began_ns, ended_ns)
        made = source.made_between(began_ns, ended_ns)
        joined_s = (load.joined_ns - load.joining_ns) / 1e9
        longest_ack_ms = source.longest_send_ms(load.joining_ns, load.joined_ns)
    used_s = ended_cpu_s - began_cpu_s
    return Result(
        name=server.name,
        cores=used_s / options.seconds,
        cpu_us_per_listener_s=used_s * 1e6 / options.seconds / listeners,
        cpu_ns_per_byte=used_s * 1e9 / max(1, heard.segments * segment_bytes),
        delivered=heard.segments / max(1, made * listeners),
        median_ms=heard.median_ms,
        p99_ms=heard.p99_ms,
        bytes_per_listener=held_bytes / listeners,
        join_median_ms=load.join_median_ms,
        join_p99_ms=load.join_p99_ms,
        joins_per_s=(listeners - load.refused) / joined_s,
        longest_ack_ms=longest_ack_ms,
        refused=load.refused,
    )


def _row(result: Result) -> str:
    return (
        f"{result.name:<14} {result.cores:>7.1%} {result.cpu_us_per_listener_s:>9.1f} "
        f"{result.cpu_ns_per_byte:>9.2f} "
        f"{result.delivered:>9.2%} {result.median_ms:>8.0f} {result.p99_ms:>7.0f} "
        f"{result.bytes_per_listener / KIBIBYTE:>9.1f} "
        f"{result.join_median_ms:>8.1f} {result.join_p99_ms:>8.1f} "
        f"{result.joins_per_s:>7.0f} {result.longest_ack_ms:>6.0f} {result.refused:>7}"
    )


def _print_table(results: list[Result], listeners: int, options: argparse.Namespace) -> None:
    print(
        f"{listeners} listeners, {options.bitrate_bps / 1000:g} kbit/s, "
        f"{options.segments_per_second:g} segments a second, {options.seconds:g} s"
    )
    print(
        f"{'':<14} {'core':>7} {'us/s each':>9} {'ns/byte':>9} {'delivered':>9} "
        f"{'median':>8} {'p99 ms':>7} {'KiB each':>9} {'join ms':>8} {'p99 ms':>8} "
        f"{'joins/s':>7} {'ack ms':>6} {'refused':>7}"
    )
    for result in results:
        print(_row(result))
    ours = next((r for r in results if r.name == Product.name), None)
    for other in results:
        if ours is not None and other is not ours and other.cpu_ns_per_byte:
            ratio = ours.cpu_ns_per_byte / other.cpu_ns_per_byte
            print(f"CPU per delivered byte: {ratio:.2f} of {other.name}'s")


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("This benchmark reads /proc: it needs Linux.")
    sys.exit(main())
