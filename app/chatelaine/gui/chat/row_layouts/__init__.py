"""How the rows of a thread are drawn, one module for each kind of row. None of them is a widget."""
