"""Where answers come from: the dialog."""
