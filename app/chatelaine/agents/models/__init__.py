"""Clients of the model servers, and models that need none."""
