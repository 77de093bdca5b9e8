"""The bill of materials: what is shipped, whatever it is, and nothing beyond it."""

from __future__ import annotations

import json
import platform
import re
from typing import TYPE_CHECKING, Any

import pytest

import sbom

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    """What this environment is; telling it takes a while."""
    return sbom.environment()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program that was built: only what its packages are called matters."""
    for name in ("chatelaine-0.1.0", "httpx2-2.16.2", "pyside6_essentials-6.11.3"):
        (tmp_path / "program" / f"{name}.dist-info").mkdir(parents=True)
    return tmp_path / "program"


def test_it_has_what_is_shipped_and_what_is_no_python_package(
    folder: Path, environment: dict[str, Any], tmp_path: Path
):
    target = tmp_path / "bill.cdx.json"
    sbom.write(sbom.describe(folder, environment), target)  # it is checked against the schema
    bill: dict[str, Any] = json.loads(target.read_text("utf-8"))
    assert bill["metadata"]["component"]["name"] == "chatelaine"
    components = {(one["name"], one.get("version", "")) for one in bill["components"]}
    names = sorted(one["name"] for one in bill["components"])
    assert names == [
        *("PySide6_Essentials", "cpython", "font-dejavu", "font-inter", "httpx2", "libffi"),
        *("openssl", "openssl", "openssl", "qt", "sqlcipher", "sqlite"),
    ]
    assert ("cpython", platform.python_version()) in components
    # Which libffi it is, only Debian tells.
    told = {name: version for name, version in components if version or name != "libffi"}
    assert all(re.match(r"\d+\.\d+", version) for version in told.values())
    licensed = [one for one in bill["components"] if one.get("licenses")]
    assert len(licensed) == len(bill["components"])
    known = {one["bom-ref"] for one in bill["components"]} | {
        bill["metadata"]["component"]["bom-ref"]
    }
    for one in bill["dependencies"]:
        assert {one["ref"], *one.get("dependsOn", ())} <= known


def test_a_package_that_nobody_knows_is_not_passed_over(folder: Path, environment: dict[str, Any]):
    (folder / "unheard_of-1.0.dist-info").mkdir()
    with pytest.raises(sbom.NotDescribed, match="unheard-of"):
        sbom.describe(folder, environment)


def test_a_folder_without_packages_is_no_program(tmp_path: Path, environment: dict[str, Any]):
    with pytest.raises(sbom.NotDescribed):
        sbom.describe(tmp_path, environment)
