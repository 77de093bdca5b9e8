"""Gives programs that are started from the window the system's libraries, not ours.

The start of a bundled program names its folder in `LD_LIBRARY_PATH`, for itself; the loader has
read it when this runs. A browser that a link opens must not find the libraries of another program
there. PyInstaller runs this before the program.
"""

import os

before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if before is not None:
    os.environ["LD_LIBRARY_PATH"] = before
else:
    os.environ.pop("LD_LIBRARY_PATH", None)
