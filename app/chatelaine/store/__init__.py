"""Remembering: threads and turns in one encrypted file."""
