"""The spool: where recordings grow until they are stored."""
