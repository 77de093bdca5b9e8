"""All threads."""
