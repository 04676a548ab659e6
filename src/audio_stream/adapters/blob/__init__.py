"""Blob stores: where renditions rest."""
