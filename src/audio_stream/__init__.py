"""A self-hosted radio and recorder."""
