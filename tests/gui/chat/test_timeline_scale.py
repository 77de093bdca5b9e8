"""The timeline on finer screens, with larger text, and where nothing shall move."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from chatelaine.chat.events import ReplyStarted, TurnStarted
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.theme import motion
from chatelaine.gui.theme.motion import Motion
from chatelaine.store.records import TurnId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from chatelaine.gui.theme.appearance import Appearance

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
PICTURE = Path(__file__).parents[2] / "support" / "timeline_picture.py"


@pytest.fixture
def shown(dressed: Appearance, qtbot: QtBot) -> Iterator[TimelineView]:
    window = QWidget()
    view = TimelineView(window)
    view.setGeometry(0, 0, 700, 500)
    window.resize(700, 500)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    yield view
    # What works for it in other threads must not find it gone.
    qtbot.waitUntil(lambda: view.is_settled, timeout=10_000)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2"])
def test_each_scale_of_the_screen_has_its_own_pixels_and_the_same_places(factor: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", str(PICTURE)],
        env={
            **os.environ,
            "PYTHONPATH": str(PICTURE.parents[1]),
            "QT_QPA_PLATFORM": "offscreen",
            "QT_SCALE_FACTOR": factor,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["ratio"] == float(factor)
    assert told["pixels"] == [round(640 * float(factor)), round(820 * float(factor))]
    # Nothing hangs over the edge, and the steps between light and dark are as sharp as they can be.
    assert told["outside"] == []
    assert told["steepest"] > 0.6


def test_another_ratio_of_the_screen_has_all_painted_anew(
    shown: TimelineView, qtbot: QtBot
) -> None:
    shown.load([UserRow(TurnId(1), "Hello", NOW)])
    qtbot.waitUntil(lambda: shown.is_settled)
    shown.repaint()
    paints = shown.paints
    QCoreApplication.sendEvent(shown, QEvent(QEvent.Type.DevicePixelRatioChange))
    qtbot.waitUntil(lambda: shown.paints > paints)


def test_larger_text_keeps_what_is_seen_in_its_place(
    shown: TimelineView, appearance: Appearance, qtbot: QtBot
) -> None:
    rows = [
        ReplyRow(TurnId(number), "Ada", "gpt", NOW, f"Reply {number}. " * 40)
        for number in range(1, 60)
    ]
    shown.load(rows)
    shown.scroll_by(-2500)
    qtbot.waitUntil(lambda: shown.is_settled)
    first = shown.visible_rows()[0]
    height = shown.laid_out.layout(first).height
    appearance.set_scale(1.4)
    qtbot.waitUntil(lambda: shown.is_settled and shown.laid_out.layout(first).height > height)
    assert shown.visible_rows()[0] == first
    appearance.set_scale(1.0)
    qtbot.waitUntil(lambda: shown.is_settled and shown.laid_out.layout(first).height == height)
    assert shown.visible_rows()[0] == first


@pytest.fixture
def still(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    motion.choose(qapp, Motion.SYSTEM)


def test_where_nothing_shall_move_a_reply_that_is_written_stands_still(
    shown: TimelineView, still: QApplication, qtbot: QtBot
) -> None:
    shown.load([])
    shown.apply(TurnStarted(TurnId(1), "Hello", NOW))
    shown.apply(ReplyStarted(TurnId(1), "Ada", "gpt"))
    assert shown._phase_timer.isActive()
    motion.choose(still, Motion.REDUCED)
    qtbot.waitUntil(lambda: not shown._phase_timer.isActive())
    shown.scroll_by(1)
    assert not shown._phase_timer.isActive()
    motion.choose(still, Motion.FULL)
    shown.scroll_by(1)
    assert shown._phase_timer.isActive()


def test_the_current_message_and_each_of_its_controls_show_a_ring(
    shown: TimelineView, qtbot: QtBot
) -> None:
    shown.load([UserRow(TurnId(1), "Hello", NOW), ReplyRow(TurnId(1), "Ada", "gpt", NOW, "Words")])
    shown.setFocus(Qt.FocusReason.TabFocusReason)
    pictures = []
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Tab):
        qtbot.keyClick(shown, key)
        pictures.append(shown.grab().toImage())
    for one, other in pairwise(pictures):
        assert one != other
