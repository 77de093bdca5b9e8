"""The window. Everything else in the package runs without Qt."""
