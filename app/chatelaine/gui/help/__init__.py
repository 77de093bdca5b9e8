"""What the Help menu shows: keys, licences, what the program is, and what helps to find a fault."""
