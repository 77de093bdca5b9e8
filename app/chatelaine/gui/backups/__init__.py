"""Backups: made, listed, brought back; and the check of a history."""
