"""Writes down what is shipped in a program that was built: a bill of materials in CycloneDX.

    python packaging/sbom.py FOLDER OUTPUT.cdx.json

It is run in the environment that the program was built in. cyclonedx-py describes that; of it stays
what lies in the folder, and to it comes what no Python package says of itself: Qt, SQLCipher,
OpenSSL, libffi, Python, the fonts. The result is checked against the schema of CycloneDX.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

import project

if TYPE_CHECKING:
    from collections.abc import Iterator

_FONT = re.compile(
    r"^\| `fonts/(?P<name>\w+)` \|[^|]*\|[^|]*? (?P<version>[\d.]+\S*) \| (?P<licence>[^|,]+),",
    re.MULTILINE,
)


class NotDescribed(Exception):
    """What is shipped cannot be told; the text says what of it."""


def describe(folder: Path, environment: dict[str, Any]) -> Bom:
    """Describe what a folder holds.

    Args:
        folder: The program.
        environment: What it was built in, as `environment` gives it.

    Raises:
        NotDescribed: A package lies there that the environment does not have, or none does.
    """
    read: Any = Bom
    bill: Bom = read.from_json(environment)
    shipped = {
        canonicalize_name(path.name.removesuffix(".dist-info").rsplit("-", 1)[0])
        for path in folder.rglob("*.dist-info")
    }
    own = project.read().command
    known = {canonicalize_name(one.name) for one in bill.components} | {own}
    if not shipped or shipped - known:
        raise NotDescribed(f"not known of what is shipped: {sorted(shipped - known) or 'anything'}")
    kept = [one for one in bill.components if canonicalize_name(one.name) in shipped - {own}]
    bill.components = [*kept, *_of_other_kinds()]
    there = {one.bom_ref for one in bill.components}
    root = bill.metadata.component
    if root is None:
        raise NotDescribed("the project itself")
    bill.dependencies = [
        Dependency(one.ref, [Dependency(to.ref) for to in one.dependencies if to.ref in there])
        for one in bill.dependencies
        if one.ref in there or one.ref == root.bom_ref
    ]
    return bill


def environment() -> dict[str, Any]:
    """Have cyclonedx-py describe this environment; give its words.

    Raises:
        subprocess.CalledProcessError: It cannot.
    """
    with TemporaryDirectory() as folder:
        written = Path(folder) / "environment.json"
        command = [
            *(sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"),
            *("--pyproject", str(project.ROOT / "pyproject.toml"), "--mc-type", "application"),
            *("--spec-version", "1.6", "--output-format", "JSON", "--output-file", str(written)),
            sys.executable,
        ]
        subprocess.run(command, check=True)
        described: dict[str, Any] = json.loads(written.read_text("utf-8"))
    return described


def _of_other_kinds() -> Iterator[Component]:
    """Describe what is in packages, or beside them, and is no Python package."""
    from cryptography.hazmat.backends.openssl import backend
    from PySide6.QtCore import qVersion
    from sqlcipher3 import dbapi2

    yield _component("qt", qVersion(), "LGPL-3.0-only", "https://www.qt.io/")
    yield _component("cpython", platform.python_version(), "PSF-2.0", "https://www.python.org/")
    connection = dbapi2.connect(":memory:")
    connection.execute("PRAGMA key = 'none'")
    (cipher,) = connection.execute("PRAGMA cipher_version").fetchone()
    (provider,) = connection.execute("PRAGMA cipher_provider_version").fetchone()
    connection.close()
    yield _component(
        "sqlcipher", str(cipher).split()[0], "BSD-3-Clause", "https://www.zetetic.net/sqlcipher/"
    )
    yield _component("sqlite", dbapi2.sqlite_version, "blessing", "https://www.sqlite.org/")
    for user, text in (
        ("cpython", ssl.OPENSSL_VERSION),
        ("cryptography", backend.openssl_version_text()),
        ("sqlcipher", str(provider)),
    ):
        found = re.search(r"OpenSSL (\S+)", text)
        if found is None:
            raise NotDescribed(f"the OpenSSL of {user}: {text}")
        yield _component("openssl", found[1], "Apache-2.0", "https://www.openssl.org/", within=user)
    yield _component(
        "libffi", _libffi_version(), "MIT", "https://sourceware.org/libffi/", within="cpython"
    )
    fonts = list(_FONT.finditer((project.RESOURCES / "README.md").read_text("utf-8")))
    shipped = {path.name for path in (project.RESOURCES / "fonts").iterdir() if path.is_dir()}
    if {font["name"] for font in fonts} != shipped:
        raise NotDescribed(f"the fonts {shipped}: resources/README.md has others")
    for font in fonts:
        licence, address = _FONT_LICENCES[font["licence"]], _FONT_ADDRESSES[font["name"]]
        yield _component(f"font-{font['name']}", font["version"], licence, address)


def _libffi_version() -> str:
    """Give the version of the library that Python calls others with; '' where nothing tells it."""
    query = shutil.which("dpkg-query")
    if query is None:
        return ""
    asked = subprocess.run(
        [query, "--show", "--showformat", "${source:Upstream-Version}", "libffi8"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


_FONT_LICENCES = {
    "SIL Open Font License 1.1": "OFL-1.1",
    "Bitstream Vera licence": "Bitstream-Vera",
}
_FONT_ADDRESSES = {
    "inter": "https://rsms.me/inter/",
    "dejavu": "https://dejavu-fonts.github.io/",
}


def _component(
    name: str, version: str, licence: str, address: str, *, within: str = ""
) -> Component:
    return Component(
        name=name,
        version=version or None,
        type=ComponentType.LIBRARY,
        bom_ref=(f"{name}=={version}" if version else name) + (f" in {within}" if within else ""),
        description=f"As it lies in {within}." if within else None,
        licenses=[LicenseFactory().make_from_string(licence)],
        purl=PackageURL("generic", name=name, version=version or None),
        external_references=[
            ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(address))
        ],
    )


def write(bill: Bom, target: Path) -> None:
    """Write it down.

    Raises:
        NotDescribed: It is not what the schema wants.
    """
    text = JsonV1Dot6(bill).output_as_string(indent=2)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise NotDescribed(f"the schema has something against it: {problem}")
    target.parent.mkdir(exist_ok=True)
    target.write_text(text + "\n", "utf-8")


def main() -> int:
    """Describe the folder that was named."""
    parser = argparse.ArgumentParser(description="Write a bill of materials.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    bill = describe(asked.folder, environment())
    write(bill, asked.target)
    print(f"{asked.target}: {len(bill.components)} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
