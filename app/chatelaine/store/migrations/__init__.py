"""The schema, one numbered step at a time; a step is never edited after release."""
