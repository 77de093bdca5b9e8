"""The guards around the tests of the window: each fails a test that is planted to offend it."""

from __future__ import annotations

import asyncio

import pytest
import qasync

from support.planted import outcomes

PLANTED = '''
    import asyncio
    from pathlib import Path

    import chatelaine
    from PySide6.QtCore import QThreadPool, QTimer, qWarning
    from PySide6.QtWidgets import QApplication, QWidget

    kept = []
    planted = {}
    source = """
    import time, pathlib
    def sleep(): time.sleep(0.001)
    def read(): return pathlib.Path(__file__).read_bytes()
    def lazily(): import colorsys
    """
    # The blocking calls of the product count, so these must seem to stand in it.
    planted["__file__"] = __file__
    exec(compile("\\n".join(line.strip() for line in source.splitlines()),
                 chatelaine.__path__[0] + "/planted.py", "exec"), planted)


    async def test_coroutine_that_sleeps():
        planted["sleep"]()


    async def test_coroutine_that_reads_a_file():
        planted["read"]()


    async def test_slot_that_blocks():
        done = asyncio.get_running_loop().create_future()
        timer = QTimer()
        timer.setSingleShot(True)
        timer.timeout.connect(planted["sleep"])
        timer.timeout.connect(lambda: done.set_result(None))
        timer.start(0)
        await done


    def test_error_in_a_slot(qtbot):
        timer = QTimer()
        timer.timeout.connect(lambda: 1 / 0)
        timer.start(0)
        qtbot.waitUntil(lambda: timer.isActive())
        QApplication.processEvents()
        timer.stop()


    async def test_error_in_a_task_that_nobody_awaits():
        async def fail():
            raise ValueError("planted")
        asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0.01)


    async def test_task_that_goes_on():
        kept.append(asyncio.get_running_loop().create_task(asyncio.sleep(3600), name="planted"))


    def test_window_that_stays_open():
        window = QWidget()
        window.show()
        kept.append(window)


    def test_timer_that_still_runs(qapp):
        timer = QTimer(qapp)
        timer.start(100000)


    def test_warning_of_qt():
        qWarning(b"planted")


    # From here on nothing offends.


    async def test_sound_import_when_it_is_needed():
        planted["lazily"]()


    async def test_sound_blocking_in_a_thread():
        await asyncio.to_thread(planted["sleep"])


    async def test_sound_test_that_reads_a_file():
        assert Path(__file__).read_bytes()


    async def test_sound_window_that_was_closed(qtbot):
        window = QWidget()
        qtbot.addWidget(window)
        window.show()
        kept.append(window)
        timer = QTimer(window)
        timer.start(100000)


    async def test_sound_last_window_that_closes_does_not_stop_the_loop():
        window = QWidget()
        window.show()
        await asyncio.sleep(0)
        window.close()
        await asyncio.sleep(0.01)
'''

FAULTS = {
    "test_coroutine_that_sleeps": "Blocking call to time.sleep",
    "test_coroutine_that_reads_a_file": "Blocking call to",
    "test_slot_that_blocks": "Blocking call to time.sleep",
    "test_error_in_a_slot": "ZeroDivisionError",
    "test_error_in_a_task_that_nobody_awaits": "ValueError('planted')",
    "test_task_that_goes_on": "an unfinished task: <Task pending name='planted'",
    "test_window_that_stays_open": "a window that is still shown: QWidget",
    "test_timer_that_still_runs": "a timer that still runs",
    "test_warning_of_qt": "planted",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return outcomes(tmp_path_factory.mktemp("planted"), {"gui/test_planted.py": PLANTED})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_guard_fails_the_test_that_offends_it(told: dict[str, str], fault: str) -> None:
    assert FAULTS[fault] in told[fault]


def test_no_guard_fails_a_sound_test(told: dict[str, str]) -> None:
    sound = {name: said for name, said in told.items() if name not in FAULTS}
    assert len(sound) == 5
    assert set(sound.values()) == {""}


async def test_the_loop_of_the_window_is_that_of_qt() -> None:
    assert isinstance(asyncio.get_running_loop(), qasync.QEventLoop)
