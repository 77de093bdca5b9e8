"""Layouts of a message's blocks: one for each kind, painted, without widgets."""
