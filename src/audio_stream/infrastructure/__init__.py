"""Settings, wiring and the running program."""
