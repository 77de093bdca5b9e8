"""What the self-test says about the licences: nothing that is shipped may be without its text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from chatelaine.gui import resources
from chatelaine.gui.help import licences
from chatelaine.gui.help.licences import Component
from chatelaine.selftest.licence_texts import check_licences
from chatelaine.selftest.report import CheckFailed

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = licences.components()


def write(folder: Path, found: list[Component]) -> None:
    (folder / licences.FILE).write_text(licences.to_json(found), "utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The resources of a bundle, in which nothing is yet."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(resources, "FOLDER", tmp_path)
    return tmp_path


def test_in_an_environment_of_pip_all_is_there():
    assert check_licences() == f"{len(WHOLE)} parts, each with its licence"


def test_a_bundle_that_wrote_all_down_passes(folder: Path):
    write(folder, WHOLE)
    assert str(len(WHOLE)) in check_licences()


def test_a_bundle_that_wrote_nothing_down_fails(folder: Path):
    with pytest.raises(CheckFailed, match="has not written down"):
        check_licences()


@pytest.mark.parametrize("text", ["", "[{}]", '[{"name": "Qt"}]'])
def test_what_cannot_be_read_fails(folder: Path, text: str):
    (folder / licences.FILE).write_text(text, "utf-8")
    with pytest.raises(CheckFailed, match="cannot be read"):
        check_licences()


@pytest.mark.parametrize(
    "lacking", [Component("Thing", licence="MIT"), Component("Thing", texts=("A text.",))]
)
def test_a_part_without_its_licence_fails(folder: Path, lacking: Component):
    write(folder, [*WHOLE, lacking])
    with pytest.raises(CheckFailed, match="for Thing"):
        check_licences()


def test_a_part_that_is_not_spoken_of_fails(folder: Path):
    write(folder, [one for one in WHOLE if one.name != "libffi"])
    with pytest.raises(CheckFailed, match="about libffi"):
        check_licences()
