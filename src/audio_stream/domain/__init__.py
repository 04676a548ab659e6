"""Entities, their rules and the container splitters: pure, no I/O, no third party."""
