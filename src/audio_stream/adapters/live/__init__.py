"""The live feed: one pass over all listeners."""
