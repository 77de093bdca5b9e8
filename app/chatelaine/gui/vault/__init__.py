"""Making a vault, opening it, and what to do when its key does not come."""
