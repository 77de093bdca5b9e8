"""Memory of a conversation."""
