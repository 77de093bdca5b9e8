"""Chatelaine: a window for talking with AI agents, and the library that does the talking."""
