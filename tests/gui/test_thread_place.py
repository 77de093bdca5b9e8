"""The place of the open thread: what is seen and typed stays when the timeline comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.gui.workspace_page import WorkspacePage

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


@pytest.fixture
def page(qapp, qtbot):
    appearance = Appearance(qapp, Scheme.LIGHT)
    errors: list[BaseException] = []
    page = WorkspacePage(TaskScope(errors.append))
    qtbot.addWidget(page.frame)
    page.frame.resize(1000, 600)
    page.frame.show()
    qtbot.waitExposed(page.frame)
    page.composer.setFocus()
    qapp.processEvents()
    yield page
    assert errors == []
    appearance.deleteLater()


def owner(widget: QWidget, *parts: QWidget) -> QWidget | None:
    return next((part for part in parts if part is widget or part.isAncestorOf(widget)), None)


async def test_nothing_of_the_window_changes_when_the_timeline_comes(page, qapp):
    field = page.composer.field
    field.setCursorWidth(0)
    QTest.keyClicks(field, "typed at once")
    qapp.processEvents()
    before, place = page.frame.grab().toImage(), page.composer.geometry()
    await page.place.furnish()
    assert page.frame.grab().toImage() == before
    qapp.processEvents()
    assert page.frame.grab().toImage() == before
    assert page.composer.geometry() == place
    assert page.timeline.isVisible()
    assert field.hasFocus()
    QTest.keyClicks(field, ", and on")
    assert field.toPlainText() == "typed at once, and on"


async def test_tab_comes_to_the_timeline_between_the_threads_and_the_composer(page):
    await page.place.furnish()
    order, widget = [], page.frame.nextInFocusChain()
    while widget is not page.frame:
        part = owner(widget, page.sidebar, page.timeline, page.composer)
        if part is not None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(type(part))
        widget = widget.nextInFocusChain()
    assert list(dict.fromkeys(order)) == [ThreadList, type(page.timeline), Composer]
    assert order == sorted(order, key=[ThreadList, type(page.timeline), Composer].index)


def test_whoever_needs_the_timeline_sooner_has_it_at_once(page):
    timeline = page.timeline
    assert timeline.geometry().height() > 0
    assert timeline is page.place.display.timeline
