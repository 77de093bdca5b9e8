"""Writes down the licences of everything that a build has in it.

    python packaging/licences.py FILE [--python VERSION] [PACKAGE ...]

Of the metadata of its packages a bundle carries only a part, without the lists of files that lead
to the texts. So its build has this done in the environment that it bundles, and puts the file
beside the other resources, as `third-party-licences.json`: the window reads it there
(`app/chatelaine/gui/help/licences.py`). Packages that are named are those that a build adds to what
the application asks for: the bundler.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.gui import resources
from chatelaine.gui.help import licences

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = licences.FILE


class NoLicence(Exception):
    """Something has no licence that could be told; the text says what."""


def write(target: Path, added: Iterable[str] = (), *, python: str = "") -> Path:
    """Write the file; give where it is.

    Args:
        target: The file.
        added: Packages that the build adds.
        python: The version of the Python that is shipped; this one's if not given.

    Raises:
        NoLicence: Something has none, or no text of it.
    """
    found = licences.collect(resources.FOLDER, added, python)
    silent = [one.name for one in found if not (one.licence and one.texts)]
    if silent:
        raise NoLicence(f"no licence, or no text of it: {', '.join(silent)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(licences.to_json(found), "utf-8")
    print(f"the licences of {len(found)} parts are in {target}")
    return target


def main() -> int:
    """Write the file that was named; 1 where something has no licence that could be told."""
    parser = argparse.ArgumentParser(description="Write down the licences of what is shipped.")
    parser.add_argument("target", type=Path, metavar="FILE")
    parser.add_argument("--python", default="", metavar="VERSION")
    parser.add_argument("added", nargs="*", metavar="PACKAGE")
    asked = parser.parse_args()
    try:
        write(asked.target, asked.added, python=asked.python)
    except NoLicence as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
