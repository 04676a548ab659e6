"""The catalog: the database of recordings and tracks."""
