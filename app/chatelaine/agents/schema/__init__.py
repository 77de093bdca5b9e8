"""JSON Schema from Python types, and Python values from the JSON that a model wrote."""
