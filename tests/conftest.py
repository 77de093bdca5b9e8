"""What holds for every test.

A test of the window (`tests/gui`, `tests/e2e`) runs in a loop that is Qt's; every other test runs
in a plain one, and works where Qt is not installed at all. Around each test stand the guards of
`support/guards.py`. Waiting is done with `support/until.py` and with nothing else.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from support import guards

# The tests that are inherited say what they found, like those that are written where they run.
pytest.register_assert_rewrite("contracts")

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

WITH_A_WINDOW = frozenset({"gui", "e2e"})
"""The folders of tests whose loop is Qt's."""

FOREIGN = (
    "ALL_PROXY",
    "DBUS_SESSION_BUS_ADDRESS",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_DEFAULT_MODEL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "PYTHON_KEYRING_BACKEND",
    "all_proxy",
    "http_proxy",
    "https_proxy",
)
"""Variables through which the machine of the developer would reach into a test."""

if _tested := os.environ.get("CHATELAINE_TESTED_IN"):
    # `packaging/test_wheel.py` wants what is installed to be tested, and nothing else.
    import chatelaine

    if not Path(chatelaine.__file__).is_relative_to(_tested):
        pytest.exit(f"what is tested lies in {chatelaine.__file__}, not in {_tested}", 3)

# Qt reads these once, before the first window.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for _name in ("QT_API", "QT_QPA_PLATFORMTHEME", "QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE"):
    os.environ.pop(_name, None)
# Programs that tests start must keep their bytecode: without it, openai takes twice as long.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Whoever takes a change wants the same answer twice; whoever writes one wants new examples.
hypothesis.settings.register_profile(
    "chatelaine", deadline=None, database=None, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.load_profile("chatelaine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the settings of pytest-qt stand in pyproject.toml where pytest-qt is not installed."""
    if find_spec("pytestqt") is None:
        for name in ("qt_api", "qt_default_raising", "qt_log_ignore", "qt_log_level_fail"):
            parser.addini(name, "a setting of pytest-qt, which is not installed")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Choose the loop of a test by the folder it lies in."""
    if _has_a_window(config, item):
        return {"qasync": _qt_loop}
    return {"asyncio": asyncio.new_event_loop}


def _has_a_window(config: pytest.Config, item: pytest.Item) -> bool:
    return item.path.relative_to(config.rootpath / "tests").parts[0] in WITH_A_WINDOW


def _qt_loop() -> asyncio.AbstractEventLoop:
    import qasync
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    loop: Any = qasync.QEventLoop(application)
    # Its timers may still run when it is closed. Some later test's worker thread may be the one
    # that clears the loop away: the timers would be destroyed there, and Qt with them.
    loop._timer.setParent(application)
    made: asyncio.AbstractEventLoop = loop
    return made


# ---------------------------------------------------------------------------- surroundings


@pytest.fixture(scope="session", autouse=True)
def network() -> Iterator[guards.NetworkGuard]:
    """No test leaves this machine."""
    guard = guards.NetworkGuard()
    with pytest.MonkeyPatch.context() as monkeypatch:
        guard.install(monkeypatch)
        yield guard


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a user of its own: HOME, the XDG folders and TMPDIR; their root."""
    root = tmp_path_factory.mktemp("user")
    folders = {
        "HOME": "home",
        "XDG_CACHE_HOME": "home/.cache",
        "XDG_CONFIG_HOME": "home/.config",
        "XDG_DATA_HOME": "home/.local/share",
        "XDG_STATE_HOME": "home/.local/state",
        "XDG_RUNTIME_DIR": "run",
        "TMPDIR": "tmp",
    }
    for variable, folder in folders.items():
        (root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        monkeypatch.setenv(variable, str(root / folder))
    for variable in FOREIGN:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    return root


# ---------------------------------------------------------------------------- guards


@pytest.fixture
def logs() -> Iterator[guards.LogWatch]:
    """The warnings that the test caused; `logs.expect(pattern)` says which of them are wanted."""
    watch = guards.LogWatch()
    logging.getLogger().addHandler(watch)
    yield watch
    logging.getLogger().removeHandler(watch)


@pytest.fixture(autouse=True)
def guarded(home: Path, network: guards.NetworkGuard, logs: guards.LogWatch) -> Iterator[None]:
    """Fail a test that left threads or warnings behind, or that wanted to leave this machine.

    The outermost guard: what it looks at must hold when everything else has been taken down.
    """
    before = set(threading.enumerate())
    network.attempts.clear()
    yield
    problems = guards.threads_left(before)
    problems += [f"wanted to leave this machine: {host}" for host in network.attempts]
    problems += logs.problems()
    _report(problems)


@pytest.fixture(autouse=True)
def guarded_by_kind(request: pytest.FixtureRequest, guarded: None) -> None:
    """Put the guards of the window and of the loop around the tests that have one."""
    if _has_a_window(request.config, request.node):
        request.getfixturevalue("guarded_window")
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("guarded_loop")


@pytest.fixture
def guarded_window(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test of the window in which a coroutine or slot blocks, or that leaves things open."""
    from support.qt_guards import no_blocking, qt_leftovers

    app = request.getfixturevalue("qapp")
    app.setQuitOnLastWindowClosed(False)
    with no_blocking():
        yield
    # What Python has made for it may not outlive Python: the process would end in a crash.
    app.clipboard().clear()
    _report(qt_leftovers(app))


@pytest.fixture
async def guarded_loop() -> AsyncIterator[None]:
    """Fail a test with errors that nobody awaited, or with tasks that are still going on."""
    with guards.watched_loop(asyncio.get_running_loop()) as problems:
        yield
        left = await guards.end_tasks()
    _report(problems + left)


def _report(problems: list[str]) -> None:
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
