"""What the user can set: the dialog and its pages."""
