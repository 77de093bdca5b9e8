"""Proves a build: what is imported late, what is shipped beside the code, and one conversation."""
