"""Where answers come from: the fields for a provider."""
