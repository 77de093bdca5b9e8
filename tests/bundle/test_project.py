"""What installers say is what the project says, and nothing of it is typed twice."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

import project
from chatelaine.gui.application import DESKTOP_FILE
from chatelaine.store.archive import SUFFIX
from linux import files

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = project.read()
TEMPLATES = sorted(files.TEMPLATES.glob("*.in"))


@pytest.fixture(autouse=True)
def date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def fill(name: str) -> str:
    names = ("architecture", "depends", "glibc", "installed_size", "licences", "shipped_libraries")
    more = dict.fromkeys((*names, "tree"), "x")
    return files.fill(name, PROGRAM, **more)


def test_the_window_belongs_to_the_entry_of_the_menu():
    assert PROGRAM.id == DESKTOP_FILE


def test_backups_end_as_the_program_names_them():
    assert PROGRAM.backup_suffix == SUFFIX


@pytest.mark.parametrize(
    ("version", "sortable"),
    [("1.2.0", "1.2.0"), ("1.2.0rc1", "1.2.0~rc1"), ("1.2.0.dev3", "1.2.0~dev3")],
)
def test_what_comes_before_a_release_is_older_than_it(
    monkeypatch: pytest.MonkeyPatch, version: str, sortable: str
):
    monkeypatch.setattr(
        project, "read", lambda: project.Project(**{**vars(PROGRAM), "version": version})
    )
    assert project.read().sortable_version == sortable


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_nothing_is_left_open_and_nothing_is_typed_twice(path: Path):
    assert "@" not in fill(path.name).replace("@.service", "")
    template = path.read_text("utf-8")
    for said in (PROGRAM.id, PROGRAM.version, PROGRAM.summary, PROGRAM.backup_type):
        assert said not in template


def test_something_that_is_left_open_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "some.in").write_text("@name@ is @planted@\n")
    monkeypatch.setattr(files, "TEMPLATES", tmp_path)
    with pytest.raises(ValueError, match="planted is not said"):
        files.fill("some.in", PROGRAM)


def test_the_entry_of_the_menu_is_one_that_old_systems_take():
    lines = fill("desktop.in").splitlines()
    entry = dict(line.split("=", 1) for line in lines if "=" in line)
    assert float(entry["Version"]) <= 1.4
    # One at a time: with %U, several files would come as several arguments, and it takes one.
    assert entry["Exec"] == f"{PROGRAM.command} %u"
    assert entry["Icon"] == PROGRAM.id
    assert entry["MimeType"].split(";")[:-1] == [
        PROGRAM.backup_type,
        f"x-scheme-handler/{PROGRAM.link_scheme}",
    ]


def test_the_entry_and_the_description_pass_their_checkers(tmp_path: Path):
    files.write_share(tmp_path, PROGRAM, PROGRAM.command)
    png = tmp_path / "icons" / "hicolor" / "48x48" / "apps" / f"{PROGRAM.id}.png"
    assert png.stat().st_size > 500


def test_the_kind_of_a_backup_is_told_by_what_the_program_writes():
    mime = "{http://www.freedesktop.org/standards/shared-mime-info}"
    kind = ET.fromstring(fill("mime.xml.in")).find(f"{mime}mime-type")  # noqa: S314  our own file
    assert kind is not None
    assert kind.get("type") == PROGRAM.backup_type
    globs = [glob.get("pattern") for glob in kind.findall(f"{mime}glob")]
    assert globs == [f"*{SUFFIX}"]


@pytest.mark.parametrize("name", ["postrm.in", "uninstall.in", "rpm.spec.in"])
def test_whoever_removes_the_program_is_told_where_the_data_stays(name: str):
    said = fill(name)
    assert "What you have written with it stays" in said
    assert f"/{PROGRAM.command}" in said


def test_a_purge_says_it_once(tmp_path: Path):
    script = files.write(tmp_path / "postrm", fill("postrm.in"), executable=True)
    said = "".join(
        subprocess.run([script, step], check=True, stdout=subprocess.PIPE, text=True).stdout
        for step in ("remove", "purge")
    )
    assert said.count("stays: for each user") == 1
    for step in ("upgrade", "failed-upgrade", "abort-install", "abort-upgrade", "disappear"):
        assert not subprocess.run([script, step], check=True, stdout=subprocess.PIPE).stdout


@pytest.mark.parametrize("name", ["install.in", "uninstall.in", "postrm.in"])
def test_each_script_can_be_read_by_a_plain_shell(name: str, tmp_path: Path):
    script = files.write(tmp_path / "script", fill(name), executable=True)
    subprocess.run(["sh", "-n", str(script)], check=True)
