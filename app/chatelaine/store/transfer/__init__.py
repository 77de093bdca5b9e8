"""Threads out to other formats: one file a format."""
