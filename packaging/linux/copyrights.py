"""What a package says about the licences of all that is in it.

Each package of Python that is shipped comes with what it says of itself (`METADATA`) and with the
texts of its licences; here they are listed.
"""

from __future__ import annotations

from email.parser import HeaderParser
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from project import Project


class Part(NamedTuple):
    """Something that is shipped, and was made by others.

    Attributes:
        name: What it is called.
        version: Which of it.
        licence: What its licence is called.
        folder: Where it says so, from the folder of the program.
    """

    name: str
    version: str
    licence: str
    folder: str


def parts(bundle: Path) -> list[Part]:
    """List the packages of Python in a folder with the program."""
    found = []
    for path in sorted(bundle.rglob("*.dist-info/METADATA")):
        said = HeaderParser().parsestr(path.read_text("utf-8"))
        licence = said["License-Expression"] or _from_classifiers(said.get_all("Classifier", []))
        found.append(
            Part(
                said["Name"],
                said["Version"],
                licence or (said["License"] or "unknown").partition("\n")[0],
                str(path.parent.relative_to(bundle)),
            )
        )
    return found


def _from_classifiers(classifiers: list[str]) -> str:
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]
    return " or ".join(name for name in named if name != "OSI Approved")


def debian(program: Project, bundle: Path) -> str:
    """Write the file `copyright` of a Debian package."""
    inside = f"usr/lib/{program.command}/_internal"
    head = (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {program.name}\n"
    )
    blocks = [head, _block("*", program.author, program.licence)]
    for part in parts(bundle):
        if part.name != program.command:
            where = f"usr/lib/{program.command}/{part.folder}"
            remark = f"{part.name} {part.version}. The texts of its licences are in\n /{where}."
            makers = f"the developers of {part.name}"
            blocks.append(_block(f"{where}/*", makers, part.licence, remark))
    qt = (
        "Qt's libraries are shipped as they are in the wheels of PySide6, and can be\n"
        " replaced by others. The text is in /usr/share/common-licenses/LGPL-3."
    )
    fonts = f"{inside}/{program.command}/resources/fonts/*"
    blocks += [
        _block(f"{inside}/PySide6/*", "The Qt Company Ltd. and other contributors", "LGPL-3", qt),
        _block(f"{inside}/libpython3* {inside}/python3*", "Python Software Foundation", "PSF-2.0"),
        _block(fonts, "as said in the LICENSE.txt beside them", "OFL-1.1 and Bitstream-Vera"),
    ]
    return "\n".join(blocks)


def _block(where: str, makers: str, licence: str, remark: str = "") -> str:
    comment = f"Comment: {remark}\n" if remark else ""
    return f"Files: {where}\nCopyright: {makers}\nLicense: {licence}\n{comment}"
