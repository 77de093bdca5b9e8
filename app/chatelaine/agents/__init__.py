"""Agents, the runner and their sessions: the library."""
