"""The open thread."""
