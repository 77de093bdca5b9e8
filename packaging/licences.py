"""Writes down the licences of everything that a build has in it.

    python packaging/licences.py FILE [PACKAGE ...]

A bundle carries no metadata of its packages. So its build runs this, in the environment that it
bundles, and puts the file beside the other resources, as `third-party-licences.json`: the window
reads it there (`app/chatelaine/gui/help/licences.py`). Packages that are named are those that a
build adds to what the application asks for, the bundler for example.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chatelaine.gui import resources
from chatelaine.gui.help import licences


def main(arguments: list[str]) -> int:
    """Write the file; 1 where something has no licence that could be told."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: licences.py FILE [PACKAGE ...]", file=sys.stderr)
        return 2
    target, *added = arguments
    found = licences.collect(resources.FOLDER, added)
    silent = [one.name for one in found if not (one.licence and one.texts)]
    if silent:
        print(f"no licence, or no text of it: {', '.join(silent)}", file=sys.stderr)
        return 1
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    Path(target).write_text(licences.to_json(found), "utf-8")
    print(f"the licences of {len(found)} parts are in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
