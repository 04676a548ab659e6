"""Containers of audio: told apart by their first bytes and split into media segments."""
