"""How much a listener may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """What is kept for listeners, and for how long."""

    backlog_s: float = 30.0
    backlog_bytes: int = 192 * 1024
    drop_after_s: float = 30.0
    """How long a listener may take no byte before it is disconnected."""
    held_bytes: int = 256 * 1024
    """What a listener may hold of the server: its socket's buffer and what waits before it."""
    socket_buffer_bytes: int = 64 * 1024

    @property
    def queued_bytes(self) -> int:
        """What may wait before the socket's buffer."""
        return self.held_bytes - self.socket_buffer_bytes
