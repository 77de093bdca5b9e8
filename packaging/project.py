"""What the installers say about the program, read from pyproject.toml: nothing is typed twice."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = ROOT / "resources"
BUILD = ROOT / "build" / "package"
"""Where everything is put together."""
DIST = ROOT / "dist"
"""Where what is finished lies."""


@dataclass(frozen=True)
class Project:
    """The program, as installers name it.

    Attributes:
        command: What it is called on a command line, and by its package.
        name: What it is called in menus.
        id: What desktops, stores and macOS know it by.
        version: As Python writes it.
        summary: A few words.
        description: A sentence.
        licence: By its SPDX name.
        author: Who has made it.
        categories: Where desktops put it in their menus.
        keywords: What it is looked for by.
        backup_type: The MIME type of its encrypted backups.
        backup_suffix: The ending of their names, with its dot.
        link_scheme: How links to its threads begin.
        resources: What is shipped as it is: files and folders, and where they go.
    """

    command: str
    name: str
    id: str
    version: str
    summary: str
    description: str
    licence: str
    author: str
    categories: tuple[str, ...]
    keywords: tuple[str, ...]
    backup_type: str
    backup_suffix: str
    link_scheme: str
    resources: dict[str, str]

    @property
    def sortable_version(self) -> str:
        """The version as Debian and RPM sort it: what comes before a release is older than it."""
        return re.sub(r"\.?(a|b|rc|dev)(?=\d)", r"~\1", self.version)


def read() -> Project:
    """Read pyproject.toml, and from the program what it alone knows."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, package = table["project"], table["tool"]["chatelaine"]["package"]
    return Project(
        command=project["name"],
        name=package["name"],
        id=package["id"],
        version=project["version"],
        summary=package["summary"],
        description=project["description"],
        licence=project["license"],
        author=project["authors"][0]["name"],
        categories=tuple(package["categories"]),
        keywords=tuple(project["keywords"]),
        backup_type=package["backup-type"],
        backup_suffix=_backup_suffix(),
        link_scheme=package["link-scheme"],
        resources=table["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"],
    )


def _backup_suffix() -> str:
    source = (ROOT / "app" / "chatelaine" / "store" / "archive.py").read_text("utf-8")
    found = re.search(r'^SUFFIX = "(\.\w+)"$', source, re.MULTILINE)
    if found is None:
        raise LookupError("store/archive.py does not say what backups end in")
    return found[1]
