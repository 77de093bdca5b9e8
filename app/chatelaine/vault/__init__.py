"""Keeping the key."""
