"""Markdown into blocks, without Qt."""
