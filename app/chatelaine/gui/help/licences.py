"""The licences of everything that is shipped: from a file that a build has made, else looked for.

In a checkout and in an environment of pip, the metadata of the packages leads to the texts. A
bundle has that only in part (which files a package has is left out), and has in it what is no
package; so its build writes down everything (`packaging/licences.py`).
"""

from __future__ import annotations

import json
import platform
import re
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any, Final

from chatelaine.gui import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

APPLICATION: Final = "chatelaine"
EXTRAS: Final = ("desktop",)
FILE: Final = "third-party-licences.json"
"""In the folder of resources, where a build has made it."""
_TEXTS: Final = "licences"
"""The folder of texts in the resources."""
_REQUIREMENT: Final = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[^\]]*)\])?[^;]*(?:;(?P<marker>.*))?"
)
_EXTRA: Final = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
_TEXT_NAME: Final = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)
_QT_PACKAGES: Final = frozenset({"pyside6-essentials", "shiboken6"})
_LGPL: Final = ("LGPL-3.0.txt", "GPL-3.0.txt")
"""The first one is a supplement to the second."""
_STANDARD: Final = {"MIT": "MIT.txt", "MIT License": "MIT.txt", "Apache-2.0": "Apache-2.0.txt"}
_UNNAMED: Final = {
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "sqlcipher3": "Zlib",
}
"""What packages only say in their texts, or not as it is."""
_LONGEST_NAME: Final = 80
"""Characters; what is longer in the field for the name of a licence is its text."""


@dataclass(frozen=True, slots=True)
class Component:
    """Something that is shipped.

    Attributes:
        name: What it is called.
        version: Its version; '' where it has none that could be told.
        licence: The name of its licence, as SPDX has it where it is known so.
        homepage: Where it comes from.
        note: What its licence asks to be said.
        texts: The licence, word for word; there may be several parts.
    """

    name: str
    version: str = ""
    licence: str = ""
    homepage: str = ""
    note: str = ""
    texts: tuple[str, ...] = ()


def components(folder: Path | None = None) -> list[Component]:
    """Give everything that is shipped, the program itself first; in a worker thread.

    Args:
        folder: The resources; those of this program if not given.

    Raises:
        OSError: A text that was shipped cannot be read.
    """
    folder = resources.FOLDER if folder is None else folder
    made = folder / FILE
    if made.is_file():
        return from_json(made.read_text("utf-8"))
    return collect(folder)


def written_version(package: str) -> str:
    """Give the version of a package that a build has written down; '' where it has not."""
    try:
        found = from_json((resources.FOLDER / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    wanted = _canonical(package)
    return next((one.version for one in found if _canonical(one.name) == wanted), "")


def collect(folder: Path, added: Iterable[str] = (), python: str = "") -> list[Component]:
    """Put together what is shipped from what is installed.

    Args:
        folder: The resources, with the texts that packages do not have with them.
        added: Packages that are shipped besides what the application asks for.
        python: The version of the Python that is shipped; this one's if not given.

    Raises:
        OSError: A text that was shipped cannot be read.
    """
    packages = [_component(one, folder) for one in shipped_distributions(added)]
    own = [one for one in packages if one.name == "Chatelaine"]
    others = [one for one in packages if one.name != "Chatelaine"]
    every = [*others, *_beside_packages(folder, python or platform.python_version())]
    return [*own, *sorted(every, key=lambda one: one.name.lower())]


def to_json(found: Iterable[Component]) -> str:
    """Give the text of the file that `components` reads."""
    return json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Component]:
    """Read what `to_json` has written."""
    values: list[dict[str, Any]] = json.loads(text)
    return [Component(**{**value, "texts": tuple(value["texts"])}) for value in values]


# ---------------------------------------------------------------------------- Python packages


def shipped_distributions(added: Iterable[str] = ()) -> list[Distribution]:
    """Give the installed packages that the application consists of, itself among them.

    Args:
        added: More that is shipped; what these need is not.
    """
    found = {_canonical(name): distribution(name) for name in added}
    waiting: list[tuple[str, frozenset[str]]] = [(APPLICATION, frozenset(EXTRAS))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue  # what another system or version needs
        found[_canonical(name)] = installed
        waiting += _needs(installed, extras)
    return list(found.values())


def _needs(installed: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for requirement in installed.requires or ():
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None:
            continue
        only_with = set(_EXTRA.findall(match["marker"] or ""))
        if only_with and not only_with & extras:
            continue
        wanted = {extra.strip() for extra in (match["extras"] or "").split(",")} - {""}
        yield match["name"], frozenset(wanted)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _component(installed: Distribution, folder: Path) -> Component:
    name = installed.metadata["Name"]
    licence = _licence_name(installed)
    texts, note = tuple(_texts_of(installed)), ""
    if _canonical(name) in _QT_PACKAGES:
        texts, note = texts or tuple(_text(folder, one) for one in _LGPL), _PYSIDE_NOTE
    elif not texts and licence in _STANDARD:
        # Some packages only name theirs.
        author = _field(installed, "Author", "Author-email") or "its authors"
        texts = (f"Copyright (c) {author}\n\n{_text(folder, _STANDARD[licence])}",)
        note = "The package names its licence, and carries no text of it: this is the usual one."
    return Component(
        "Chatelaine" if _canonical(name) == APPLICATION else name,
        installed.version,
        licence,
        _homepage(installed),
        note,
        texts,
    )


def _text(folder: Path, name: str) -> str:
    return (folder / _TEXTS / name).read_text("utf-8")


def _licence_name(installed: Distribution) -> str:
    metadata = installed.metadata
    if (known := _UNNAMED.get(_canonical(metadata["Name"]))) is not None:
        return known
    written = _field(installed, "License-Expression", "License")
    if written and len(written) <= _LONGEST_NAME and "\n" not in written:
        return written
    classifiers = metadata.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::")]
    return ", ".join(named)


def _homepage(installed: Distribution) -> str:
    by_kind: dict[str, str] = {}
    for entry in installed.metadata.get_all("Project-URL") or []:
        kind, _, address = entry.partition(",")
        by_kind[kind.strip().lower()] = address.strip()
    for kind in ("homepage", "home", "source", "source code", "repository", "documentation"):
        if kind in by_kind:
            return by_kind[kind]
    return _field(installed, "Home-page") or next(iter(by_kind.values()), "")


def _field(installed: Distribution, *names: str) -> str:
    """Give the first of these fields that says something; '' where none does."""
    values = (value for name in names for value in installed.metadata.get_all(name) or ())
    return next((str(value) for value in values if value), "")


def _texts_of(installed: Distribution) -> Iterator[str]:
    """Give the texts that lie with the metadata of a package, each once."""
    named = installed.metadata.get_all("License-File") or []
    beside = [
        path.name
        for path in installed.files or ()
        if path.parent.name.endswith(".dist-info") and _TEXT_NAME.match(path.name)
    ]
    given: set[str] = set()
    for name in dict.fromkeys([*named, *beside]):
        text = installed.read_text(f"licenses/{name}") or installed.read_text(name)
        if text is not None and text.strip() not in given:
            given.add(text.strip())
            yield text


# ---------------------------------------------------------------------------- what is no package

_QT_NOTE: Final = (
    "Chatelaine uses Qt under the GNU Lesser General Public License, version 3, unmodified. Qt is "
    "linked dynamically: its libraries lie as files beside the program, and you may replace them "
    "with versions of your own that you have built from its source, which is at "
    "https://download.qt.io/official_releases/qt/. You may also take the program apart to find "
    "faults in such changes. What Qt itself contains of others is listed at "
    "https://doc.qt.io/qt-6/licenses-used-in-qt.html."
)
_PYSIDE_NOTE: Final = (
    "Used under the GNU Lesser General Public License, version 3, unmodified. Its source is at "
    "https://code.qt.io/cgit/pyside/pyside-setup.git/; its files lie beside the program, and may "
    "be replaced."
)


def _beside_packages(folder: Path, python: str) -> list[Component]:
    """Give what is shipped inside of packages, or beside them."""

    def component(
        name: str, licence: str, homepage: str, *texts: str, version: str = "", note: str = ""
    ) -> Component:
        return Component(name, version, licence, homepage, note, texts)

    def font(name: str) -> str:
        return (folder / "fonts" / name / "LICENSE.txt").read_text("utf-8")

    openssl = "Within Python, cryptography and sqlcipher3."
    sqlcipher = "Within sqlcipher3; it contains SQLite, which is in the public domain."
    lgpl = [_text(folder, one) for one in _LGPL]
    qt = _version_of("PySide6-Essentials")
    return [
        component("Qt", "LGPL-3.0-only", "https://www.qt.io/", *lgpl, version=qt, note=_QT_NOTE),
        component(
            "Python",
            "PSF-2.0",
            "https://www.python.org/",
            _text(folder, "Python.txt"),
            version=python,
        ),
        component(
            "SQLCipher",
            "BSD-3-Clause",
            "https://www.zetetic.net/sqlcipher/",
            _text(folder, "SQLCipher.txt"),
            note=sqlcipher,
        ),
        component(
            "OpenSSL",
            "Apache-2.0",
            "https://www.openssl.org/",
            _text(folder, "Apache-2.0.txt"),
            note=openssl,
        ),
        component(
            "libffi",
            "MIT",
            "https://sourceware.org/libffi/",
            _text(folder, "libffi.txt"),
            note="Within Python and cffi, or beside them.",
        ),
        component("Inter", "OFL-1.1", "https://rsms.me/inter/", font("inter"), note="A font."),
        component(
            "DejaVu Sans Mono",
            "Bitstream-Vera",
            "https://dejavu-fonts.github.io/",
            font("dejavu"),
            note="A font.",
        ),
    ]


def _version_of(package: str) -> str:
    try:
        return distribution(package).version
    except PackageNotFoundError:
        return ""
