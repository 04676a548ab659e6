"""load_listeners.c for machines without a compiler: the same arguments, the same answers."""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from fanout_source import MAGIC

_STAMP_BYTES = len(MAGIC) + 8
_PATIENCE_S = 10.0


class _Sample(NamedTuple):
    made_ns: int
    delay_ns: int


@dataclass
class _Listeners:
    port: int
    path: str
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    tails: dict[socket.socket, bytes] = field(default_factory=dict)
    opened_ns: dict[socket.socket, int] = field(default_factory=dict)
    joins_ns: list[int] = field(default_factory=list)
    last_joined_ns: int = 0
    refused: int = 0
    samples: list[_Sample] = field(default_factory=list)

    def open(self) -> None:
        began_ns = time.monotonic_ns()
        try:
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.sendall(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        except OSError:
            self.refused += 1
            return
        connection.settimeout(0)
        self.opened_ns[connection] = began_ns
        self.tails[connection] = b""
        self.selector.register(connection, selectors.EVENT_READ)

    def read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        now_ns = time.monotonic_ns()
        began_ns = self.opened_ns.pop(connection, None)
        if not data or (began_ns is not None and b" 200 " not in data[:16]):
            self.refused += began_ns is not None
            self._leave(connection)
            return
        if began_ns is not None:
            self.joins_ns.append(now_ns - began_ns)
            self.last_joined_ns = now_ns
        self._take_stamps(connection, self.tails[connection] + data, now_ns)

    def give_up_waiting(self) -> None:
        for connection in list(self.opened_ns):
            del self.opened_ns[connection]
            self.refused += 1
            self._leave(connection)

    def report(self, from_ns: int, to_ns: int) -> None:
        delays_ns = [s.delay_ns for s in self.samples if from_ns <= s.made_ns < to_ns]
        median_ms, p99_ms = _percentiles_ms(delays_ns)
        print(len(delays_ns), f"{median_ms:.1f} {p99_ms:.1f}", len(self.tails), flush=True)

    def _leave(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        del self.tails[connection]
        connection.close()

    def _take_stamps(self, connection: socket.socket, data: bytes, now_ns: int) -> None:
        at = data.find(MAGIC)
        end = 0
        while at >= 0 and at + _STAMP_BYTES <= len(data):
            (made_ns,) = struct.unpack_from("<q", data, at + len(MAGIC))
            self.samples.append(_Sample(made_ns, now_ns - made_ns))
            end = at + _STAMP_BYTES
            at = data.find(MAGIC, end)
        self.tails[connection] = data[max(end, len(data) - _STAMP_BYTES + 1) :]


def _percentiles_ms(values_ns: list[int]) -> tuple[float, float]:
    ordered = sorted(values_ns) or [0]
    return ordered[len(ordered) // 2] / 1e6, ordered[(len(ordered) - 1) * 99 // 100] / 1e6


def main(port: int, path: str, wanted: int, per_second: float) -> None:
    listeners = _Listeners(port, path)
    listeners.selector.register(sys.stdin, selectors.EVENT_READ)
    began_s = last_opened_s = time.monotonic()
    began_ns = time.monotonic_ns()
    opened, ready = 0, False
    while True:
        due = min(wanted, int((time.monotonic() - began_s) * per_second) + 1)
        for _ in range(due - opened):
            listeners.open()
        opened = due
        for key, _events in listeners.selector.select(0.001):
            if isinstance(key.fileobj, socket.socket):
                listeners.read(key.fileobj)
                continue
            line = sys.stdin.readline()
            if not line:
                return
            from_ns, to_ns = line.split()
            listeners.report(int(from_ns), int(to_ns))
        if opened < wanted:
            last_opened_s = time.monotonic()
        patience_over = time.monotonic() - last_opened_s > _PATIENCE_S
        if not ready and opened == wanted and (patience_over or not listeners.opened_ns):
            ready = True
            listeners.give_up_waiting()
            median_ms, p99_ms = _percentiles_ms(listeners.joins_ns)
            joins = f"{median_ms:.1f} {p99_ms:.1f} {listeners.refused}"
            print(f"ready {joins} {began_ns} {listeners.last_joined_ns}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
