"""What a package says about the licences of all that is in it.

Each package of Python that is shipped comes with what it says of itself (`METADATA`) and with the
texts of its licences; here both are written down, with those of what is no package of Python.
"""

from __future__ import annotations

import re
from email.parser import HeaderParser
from typing import TYPE_CHECKING, NamedTuple

from license_expression import get_spdx_licensing

import project

if TYPE_CHECKING:
    from pathlib import Path

_TEXTS = project.RESOURCES / "licences"
_FONTS = project.RESOURCES / "fonts"
_TEXT_NAME = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What classifiers call them. "BSD License" is not among them: there are several."""
_SAID_IN_TEXTS = {"sqlcipher3": "Zlib"}
"""The licences of packages that only have them word for word."""
_UNWRITTEN = {"MIT": "MIT.txt"}
"""The texts that some packages only name."""
_ON_EVERY_DEBIAN = {
    r"Apache License\s+Version 2\.0, January 2004": "Apache-2.0",
    r"Mozilla Public License Version 2\.0\n": "MPL-2.0",
}
"""By what is in them: texts that Debian wants to be told where they are, and not once more."""
_INSIDE = {
    "cryptography": ("OpenSSL",),
    "sqlcipher3": ("OpenSSL", "SQLCipher"),
    "ziafont": ("DejaVu",),
    "ziamath": ("STIX Two Math",),
}
"""What packages have in them that others have made."""
_OTHERS = {
    "Qt": "LGPL-3.0-only",
    "Python": "PSF-2.0",
    "OpenSSL": "Apache-2.0",
    "SQLCipher": "BSD-3-Clause",
    "Inter": "OFL-1.1",
    "STIX Two Math": "OFL-1.1",
    "DejaVu": "Bitstream-Vera",
    "PyInstaller": "GPL-2.0-or-later WITH Bootloader-exception",
}
"""What is shipped and is no package of Python."""

_BOOTLOADER = """\
The program starts by the bootloader of PyInstaller. Its licence has an exception:

In addition to the permissions in the GNU General Public License, the
authors give you unlimited permission to link or embed compiled bootloader
and related files into combinations with other programs, and to distribute
those combinations without any restriction coming from the use of those
files. (The General Public License restrictions do apply in other respects;
for example, they cover modification of the files, and distribution when
not linked into a combined executable.)"""


class Part(NamedTuple):
    """Something that is shipped, and was made by others.

    Attributes:
        name: What it is called.
        version: Which of it.
        licence: What its licence is called, in the terms of SPDX where it is known in these.
        folder: Where it says so, from the folder of the program.
        texts: The licence, word for word.
    """

    name: str
    version: str
    licence: str
    folder: str
    texts: tuple[str, ...]


def parts(bundle: Path) -> list[Part]:
    """List the packages of Python in a folder with the program."""
    found = []
    for path in sorted(bundle.rglob("*.dist-info/METADATA")):
        said = HeaderParser().parsestr(path.read_text("utf-8"))
        licence = said["License-Expression"] or _from_classifiers(said.get_all("Classifier", []))
        licence = licence or _SAID_IN_TEXTS.get(said["Name"]) or said["License"] or "unknown"
        texts = [
            each.read_text("utf-8").strip()
            for each in sorted(path.parent.rglob("*"))
            if each.is_file() and _TEXT_NAME.match(each.name)
        ]
        found.append(
            Part(
                said["Name"],
                said["Version"],
                licence.partition("\n")[0],
                str(path.parent.relative_to(bundle)),
                tuple(texts),
            )
        )
    return found


def _from_classifiers(classifiers: list[str]) -> str:
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]
    return " OR ".join(_SPDX.get(name, name) for name in named if name != "OSI Approved")


def expression(program: project.Project, bundle: Path) -> str:
    """Give the licences of all that is shipped in one expression of SPDX, each once.

    Raises:
        LookupError: A part does not say under which licence it is, or not in these terms.
    """
    licensing = get_spdx_licensing()
    said = {program.name: program.licence, **_OTHERS}
    said |= {part.name: part.licence for part in parts(bundle)}
    for name, licence in said.items():
        if licensing.validate(licence).errors:
            raise LookupError(f"{name}: SPDX has no licence {licence!r}")
    every = licensing.parse(" AND ".join(f"({licence})" for licence in said.values()))
    return str(every.simplify())


def debian(program: project.Project, bundle: Path) -> str:
    """Write the file `copyright` of a Debian package.

    Raises:
        LookupError: There is no text of a licence.
    """
    inside = f"usr/lib/{program.command}/_internal"
    head = (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {program.name}\n"
    )
    own = (project.ROOT / "LICENSE").read_text("utf-8")
    blocks = [head, _block("*", program.author, program.licence, own)]
    for part in parts(bundle):
        if part.name != program.command:
            where = f"usr/lib/{program.command}/{part.folder}/*"
            makers = f"the developers of {part.name} {part.version}"
            blocks.append(_block(where, makers, part.licence, *_texts(part)))
    fonts = f"{inside}/{program.command}/resources/fonts"
    font_texts = {
        name: (_FONTS / name / "LICENSE.txt").read_text("utf-8") for name in ("inter", "dejavu")
    }
    blocks += [
        _block(
            f"{inside}/PySide6/* {inside}/libQt6*",
            "The Qt Company Ltd. and other contributors",
            "LGPL-3.0-only",
            "Qt's libraries are shipped as they are in the wheels of PySide6, and can be\n"
            f"replaced by others.\n\n{_LGPL}",
        ),
        _block(
            f"{inside}/libpython3* {inside}/base_library.zip",
            "Python Software Foundation",
            "PSF-2.0",
            (_TEXTS / "Python.txt").read_text("utf-8"),
        ),
        _block(
            f"usr/lib/{program.command}/{program.command}",
            "PyInstaller Development Team, Giovanni Bajo, McMillan Enterprises, Inc.",
            _OTHERS["PyInstaller"],
            f"{_BOOTLOADER}\n\n{_on_debian('GPL-2')}",
        ),
        _block(f"{fonts}/inter/*", "as said below", "OFL-1.1", font_texts["inter"]),
        _block(f"{fonts}/dejavu/*", "as said below", "Bitstream-Vera", font_texts["dejavu"]),
    ]
    return "\n".join(blocks)


def _on_debian(name: str) -> str:
    return f"The text is in /usr/share/common-licenses/{name}."


_LGPL = f"{_on_debian('LGPL-3')}\nIt adds to another one. {_on_debian('GPL-3')}"


def _texts(part: Part) -> list[str]:
    """Give the texts of a part, and of what it has in it."""
    texts = list(part.texts)
    if not texts and "LGPL-3.0-only" in part.licence:
        texts = [f"Used under the LGPL, version 3, unmodified.\n\n{_LGPL}"]
    elif not texts and part.licence in _UNWRITTEN:
        texts = [(_TEXTS / _UNWRITTEN[part.licence]).read_text("utf-8")]
    if not texts:
        raise LookupError(f"{part.name} ({part.licence}) comes without the text of its licence")
    for name in _INSIDE.get(part.name, ()):
        licence = _OTHERS[name]
        texts.append(f"It contains {name}, under {licence}:\n\n{_text_of(name, licence)}")
    return [_shortened(text) for text in texts]


def _text_of(name: str, licence: str) -> str:
    if licence in ("OFL-1.1", "Bitstream-Vera"):
        return "The text is below, with the fonts of the window."
    file = _TEXTS / f"{name}.txt"
    return file.read_text("utf-8") if file.is_file() else _on_debian(licence)


def _shortened(text: str) -> str:
    for sign, name in _ON_EVERY_DEBIAN.items():
        if re.search(sign, text):
            return f"{name}: {_on_debian(name)}"
    return text


def _block(where: str, makers: str, licence: str, *texts: str) -> str:
    # This format has the words in small letters, no brackets, and a dot for an empty line.
    name = licence.replace(" OR ", " or ").replace(" AND ", " and ")
    lines = "\n\n".join(text.strip() for text in texts).expandtabs().splitlines()
    said = "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in lines)
    return f"Files: {where}\nCopyright: {makers}\nLicense: {name}\n{said}\n"
