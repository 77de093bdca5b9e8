"""`chatelaine --self-test`: it proves a whole build, and tells of one that is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import secretstorage

import chatelaine
from chatelaine.gui import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.secret_service import SessionBus

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {
    "modules",
    "primitives",
    "engine",
    "vault",
    "keyrings",
    "certificates",
    "highlighting",
    "licences",
    "plug-ins",
    "application",
    "fonts",
    "symbols",
    "pictures",
    "second start",
    "conversation",
    "event loop",
    "leftovers",
}
HIDING = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"redis", "sqlalchemy"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
"""


def results(text: str) -> dict[str, str]:
    found = re.findall(r"^  (ok|FAILED) +(\S(?:.*?\S)?)  +\d+\.\d\d s  ", text, re.MULTILINE)
    return {name: outcome for outcome, name in found}


def run(
    app: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "chatelaine", "--self-test", *arguments],
        env={**environment, "PYTHONPATH": str(app)},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def files_of(user: Mapping[str, str]) -> set[Path]:
    roots = {user[name] for name in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TMPDIR")}
    return {path for root in roots for path in Path(root).rglob("*")}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the program that can be broken; its resources lie where a wheel has them."""
    app = tmp_path / "app"
    shutil.copytree(
        Path(chatelaine.__file__).parent,
        app / "chatelaine",
        ignore=shutil.ignore_patterns("__pycache__", "resources"),
    )
    shutil.copytree(resources.FOLDER, app / "chatelaine" / "resources")
    return app


def test_a_whole_build_passes_and_nothing_of_the_user_is_touched(
    user: dict[str, str],
    desktop: SessionBus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def entries() -> set[str]:
        with closing(secretstorage.dbus_init()) as bus:
            return {
                item.item_path for item in secretstorage.get_default_collection(bus).get_all_items()
            }

    for name, value in desktop.environment.items():
        monkeypatch.setenv(name, value)
    kept = entries()
    without_display = {
        name: value
        for name, value in user.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    before = files_of(user)
    report = tmp_path / "report.txt"
    done = run(ROOT / "app", without_display, "--report", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    assert results(done.stdout) == dict.fromkeys(CHECKS, "ok")
    assert "off the screen, since there is no display" in done.stdout
    assert report.read_text("utf-8") == done.stdout
    # What runs beside the program may come and go: the bus and the keyring of this desktop.
    left = {path for path in files_of(user) - before if "chatelaine" in str(path).lower()}
    assert left == set()
    assert entries() == kept


def test_what_is_missing_in_a_build_is_told_and_the_rest_is_still_checked(
    user: dict[str, str], broken: Path
) -> None:
    shutil.rmtree(broken / "chatelaine" / "resources" / "fonts")
    (broken / "chatelaine" / "resources" / "icons" / "new-thread.svg").unlink()
    (broken / "chatelaine" / "gui" / "backups" / "backups_dialog.py").unlink()
    done = run(broken, user)
    assert done.returncode == 1
    found = results(done.stdout)
    assert found.keys() == CHECKS
    failed = {name for name, outcome in found.items() if outcome == "FAILED"}
    assert {"modules", "fonts", "symbols"} <= failed
    assert failed.isdisjoint({"primitives", "engine", "vault", "pictures", "second start"})
    assert "chatelaine.gui.backups.backups_dialog" in done.stdout
    assert "No font was shipped." in done.stdout
    assert "checks (" in done.stdout.splitlines()[-1]


def test_a_module_that_is_imported_late_is_missed(user: dict[str, str], broken: Path) -> None:
    # By its name alone, from within a function: nothing but that call knows that it is needed.
    (broken / "chatelaine" / "gui" / "widgets" / "table_dialog.py").unlink()
    done = run(broken, user)
    assert done.returncode == 1
    found = results(done.stdout)
    assert {name for name, outcome in found.items() if outcome == "FAILED"} == {"modules"}
    assert "chatelaine.gui.widgets.table_dialog" in done.stdout


def test_what_only_the_library_needs_may_be_absent(user: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDING, "utf-8")
    app = os.pathsep.join([str(tmp_path), str(ROOT / "app")])
    done = run(Path(app), user)
    assert results(done.stdout)["modules"] == "ok", done.stdout + done.stderr
    assert "without redis, sqlalchemy" in " ".join(done.stdout.split())


def test_a_display_that_qt_has_no_plugin_for_is_told(user: dict[str, str]) -> None:
    done = run(ROOT / "app", {**user, "QT_QPA_PLATFORM": "nonsense"})
    assert done.returncode == 1
    found = results(done.stdout)
    failed = {name for name, outcome in found.items() if outcome == "FAILED"}
    assert failed == {"plug-ins", "application"}
    assert "qnonsense" in done.stdout
    assert "All" not in done.stdout.splitlines()[-1]


def test_a_report_that_cannot_be_written_is_said(user: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "missing" / "report.txt"
    done = run(ROOT / "app", user, "--report", str(file))
    assert done.returncode == 1
    assert f"The report cannot be written to {file}: " in done.stderr
    assert done.stdout == ""  # nothing was tested for nothing
    assert "Traceback" not in done.stderr


def test_a_report_without_a_self_test_is_no_command(user: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "chatelaine", "--report", "x"],
        env={**user, "PYTHONPATH": os.fspath(ROOT / "app")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--report goes with --self-test" in done.stderr
