"""Talking: the application's use of the library."""
