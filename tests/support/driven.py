"""The real program with a remote control: what `support/driver.py` starts.

It runs `chatelaine.__main__` as it is. Commands come as lines of JSON on standard input and are
carried out with real key and mouse events in the window; answers go to the file descriptor in
CHATELAINE_ANSWERS, and what the window shows of the newest reply is recorded there whenever it
changes, so that it is known after a SIGKILL too.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from functools import partial
from typing import Any, NoReturn

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QRadioButton,
    QTabWidget,
    QTextEdit,
    QWidget,
)
from shiboken6 import Shiboken

RECORD_INTERVAL_MS = 15
MASK = 0x155
"""What the codes of keys that are to leave no trace of their own are mixed with."""

AT_ONCE = ("type", "press", "modules")
"""What is done in the window before there is all of it; the rest waits for that."""


class Remote(QObject):
    """Carries out the commands in the thread of the window."""

    commanded = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._answers = os.fdopen(int(os.environ["CHATELAINE_ANSWERS"]), "w", buffering=1)
        self._shown = ""
        self._activates = True
        self.commanded.connect(self._carry_out, Qt.ConnectionType.QueuedConnection)
        self._recorder = QTimer(self, interval=RECORD_INTERVAL_MS)
        self._recorder.timeout.connect(self._record)
        threading.Thread(target=self._listen, args=(self.commanded,), daemon=True).start()

    def start_recording(self) -> None:
        self._recorder.start()

    def _listen(self, commanded: SignalInstance) -> None:
        for line in sys.stdin:
            try:
                commanded.emit(line)
            except RuntimeError:  # the program has ended
                return

    def _carry_out(self, line: str) -> None:
        command = json.loads(line)
        verb = command.pop("verb")
        if verb not in AT_ONCE and main_window() is not None and not main_window().is_furnished:
            QTimer.singleShot(RECORD_INTERVAL_MS, partial(self._carry_out, line))
            return
        if self._activates and QApplication.activeWindow() is None and main_window() is not None:
            # A window manager gives the focus back when a dialog has closed; here there is none.
            main_window().activateWindow()
            QTest.qWaitForWindowActive(main_window(), 1000)
        try:
            answer: dict[str, Any] = {"value": getattr(self, f"do_{verb}")(**command)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        self._say(answer)

    def _say(self, answer: dict[str, Any]) -> None:
        self._answers.write(json.dumps(answer) + "\n")

    def _record(self) -> None:
        window = main_window()
        if window is None or not window.is_furnished:
            return
        shown = newest_reply(window)
        if shown != self._shown:
            self._shown = shown
            self._say({"shown": shown, "at": time.monotonic()})

    # -------------------------------------------------------------- verbs

    def do_leave_windows(self) -> None:
        """Activate no window any more: there is a window manager, whose doing is looked at."""
        self._activates = False

    def do_state(self) -> dict[str, Any]:
        return state()

    def do_type(self, text: str, into: str = "") -> None:
        QTest.keyClicks(target(into), text)

    def do_press(self, keys: str, on: str = "") -> None:
        sequence: Any = QKeySequence(keys)  # its stubs do not know that it can be indexed
        combination = sequence[0]
        QTest.keyClick(target(on), combination.key(), combination.keyboardModifiers())

    def do_click(self, name: str) -> None:
        if (place := place_in_timeline(name)) is not None:
            QTest.mouseClick(
                main_window_there().workspace_page.timeline.viewport(),
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
                place,
            )
            return
        widget = find(name)
        if not widget.isEnabled():
            raise AssertionError(f"{name} cannot be clicked: it is disabled")
        QTest.mouseClick(
            widget,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            place_of(widget),
        )

    def do_click_row(self, index: int) -> None:
        view = main_window_there().workspace_page.sidebar.view
        rect = view.visualRect(view.model().index(index, 0))
        QTest.mouseClick(
            view.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            rect.center(),
        )

    def do_type_masked(self, name: str, codes: list[int]) -> None:
        """Press keys that are never together in what this remote control keeps in memory."""
        field = find(name)
        if not field.isEnabled():
            raise AssertionError(f"{name} cannot be written into: it is disabled")
        field.setFocus()
        for code in codes:
            QTest.keyClicks(field, chr(code ^ MASK))

    def do_set_text(self, name: str, text: str) -> None:
        """Replace what stands in a field, with keys."""
        field = find(name)
        if not field.isEnabled():
            raise AssertionError(f"{name} cannot be written into: it is disabled")
        if isinstance(field, QComboBox):
            line = field.lineEdit()
            if line is None:
                raise AssertionError(f"{name} cannot be written into")
            field = line
        if not isinstance(field, QLineEdit | QPlainTextEdit | QTextEdit):
            raise TypeError(f"{name} is not a field")
        field.setFocus()
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClicks(field, text)

    def do_choose(self, name: str, text: str) -> None:
        """Choose what a box offers, with the keys that its user has."""
        box = find(name)
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Home)
        for _ in range(box.count()):
            if box.currentText() == text:
                return
            QTest.keyClick(box, Qt.Key.Key_Down)
        raise AssertionError(f"{name} does not offer {text!r}")

    def do_text(self, name: str) -> str:
        return text_of(find(name))

    def do_screenshot(self, path: str, name: str = "") -> None:
        widget = find(name) if name else (QApplication.activeModalWidget() or main_window_there())
        if not widget.grab().save(path):
            raise AssertionError(f"no picture could be saved at {path}")

    def do_resize(self, width: int, height: int) -> None:
        main_window_there().resize(width, height)

    def do_trigger(self, action: str) -> None:
        """Choose a command from the menu by its name."""
        main_window_there().contents.actions_by_id[action].trigger()

    def do_menu(self, menu: str, words: str) -> None:
        """Open a menu of the menu bar with the mouse, and click a line of it."""
        window = main_window_there()
        bar = window.menuBar()
        (title,) = (one for one in bar.actions() if one.text().replace("&", "") == menu)
        (line,) = (one for one in title.menu().actions() if one.text().replace("&", "") == words)
        click_on(bar, bar.actionGeometry(title).center())
        try:
            if not title.menu().isVisible():
                raise AssertionError(f"the menu {menu} did not open")
            if not line.isEnabled():
                raise AssertionError(f"{words} cannot be clicked: it is disabled")
            click_on(title.menu(), title.menu().actionGeometry(line).center())
        finally:
            title.menu().close()
            if self._activates and QApplication.activeModalWidget() is None:
                window.activateWindow()  # which takes the focus back from the menu

    def do_click_in_menu(self, words: str) -> None:
        """Click a line of the menu that has popped up."""
        menu: Any = QApplication.activePopupWidget()
        if menu is None:
            raise AssertionError("no menu has popped up")
        (line,) = (one for one in menu.actions() if one.text().replace("&", "") == words)
        click_on(menu, menu.actionGeometry(line).center())

    def do_clipboard(self) -> str:
        return QApplication.clipboard().text()

    def do_show_tab(self, name: str) -> None:
        """Show a page of the dialog that is open."""
        tabs: Any = (QApplication.activeModalWidget() or main_window_there()).findChild(QTabWidget)
        names = [tabs.tabText(index).replace("&", "") for index in range(tabs.count())]
        tabs.setCurrentIndex(names.index(name))

    def do_everything(self) -> str:
        """Give every text of every widget and every list, shown or hidden."""
        return "\n".join(all_texts())

    def do_minimize(self) -> None:
        main_window_there().showMinimized()

    def do_close(self) -> None:
        main_window_there().close()

    def do_take_apart_at_end(self) -> None:
        """Have the windows destroyed, part by part, when everything is saved.

        The program leaves them to the system; whoever destroys them must find nothing in the way.
        """
        end = os._exit

        def take_apart_and_end(status: int) -> NoReturn:
            take_apart()
            end(status)

        os._exit = take_apart_and_end

    def do_modules(self) -> list[str]:
        return sorted(sys.modules)


def take_apart() -> None:
    for widget in QApplication.topLevelWidgets():
        if Shiboken.isValid(widget) and widget.parentWidget() is None:
            Shiboken.delete(widget)


def click_on(widget: QWidget, place: QPoint) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def main_window() -> Any:
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMainWindow):
            return widget
    return None


def main_window_there() -> Any:
    window = main_window()
    if window is None:
        raise AssertionError("the main window is not there")
    return window


def place_of(widget: QWidget) -> QPoint:
    """Where a person would click: on the box of a check box, whose text may be short."""
    if isinstance(widget, QCheckBox | QRadioButton):
        return QPoint(8, widget.height() // 2)
    return widget.rect().center()


def place_in_timeline(name: str) -> QPoint | None:
    """Find what is drawn in the timeline and has this name or says this; the lowest of several."""
    view = main_window_there().workspace_page.timeline
    if not view.isVisible() or QApplication.activeModalWidget() is not None:
        return None
    for row in reversed(view.visible_rows()):
        for control in view.laid_out.layout(row).controls():
            place: QPoint = (control.rect.center() + view.origin(row)).toPoint()
            is_it = control.enabled and name in {control.label, control.words}
            if is_it and view.viewport().rect().contains(place):
                return place
    return None


def find(name: str) -> Any:
    """Find a visible widget by its object name, its accessible name or the text of a button."""
    dialog = QApplication.activeModalWidget()
    roots = ([dialog] if dialog else []) + [main_window_there()]
    roots += [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog)]
    for root in roots:
        for widget in [root, *root.findChildren(QWidget)]:
            if widget.isVisible() and name in names(widget):
                return widget
    raise AssertionError(f"nothing visible is called {name!r}")


def names(widget: QWidget) -> set[str]:
    found = {widget.objectName(), widget.accessibleName()}
    if isinstance(widget, QAbstractButton):
        found.add(widget.text().replace("&", ""))
    return found - {""}


def target(name: str) -> Any:
    return find(name) if name else QApplication.focusWidget() or main_window_there()


def text_of(widget: Any) -> str:
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        return widget.toPlainText()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return str(widget.text())


def newest_reply(window: Any) -> str:
    rows = window.workspace_page.timeline.rows
    texts = [row.text for row in rows if type(row).__name__ == "ReplyRow"]
    return texts[-1] if texts else ""


def state() -> dict[str, Any]:
    window = main_window()
    if window is None:
        return {"window": False}
    page = window.workspace_page
    dialog = QApplication.activeModalWidget()
    return {
        "window": window.isVisible(),
        "minimized": window.isMinimized(),
        "active": window.isActiveWindow(),
        "title": window.windowTitle(),
        "page": "workspace" if page.frame.isVisible() else "locked",
        "open": page.open_thread is not None,
        "thread": {"title": None, "uid": None}
        if page.open_thread is None
        else {"title": page.open_thread.title, "uid": page.open_thread.uid},
        "threads": titles(page.sidebar.view.model()),
        "found": titles(page.sidebar.results.found),
        "rows": [describe(row) for row in page.timeline.rows],
        "versions": versions(page.timeline),
        "seen": seen(page.timeline),
        "text_size": text_size(page.timeline),
        "hit": page.timeline.hits._current is not None,
        "settled": page.timeline.is_settled
        and (page.timeline._is_loaded or not page.frame.isVisible()),
        "composer": page.composer.text(),
        "running": page.running,
        "undo": window.contents.actions_by_id["undo-step"].text().replace("&", ""),
        "can_undo": window.contents.actions_by_id["undo-step"].isEnabled(),
        "redo": window.contents.actions_by_id["redo-step"].text().replace("&", ""),
        "can_redo": window.contents.actions_by_id["redo-step"].isEnabled(),
        "dialog": None if dialog is None else dialog_text(dialog),
        "labels": [
            label.text().replace("\u200b", "")  # where a long path may be broken
            for label in window.findChildren(QLabel)
            if label.isVisible()
        ],
        "focus": focused.accessibleName() if (focused := QApplication.focusWidget()) else None,
    }


def seen(view: Any) -> list[int]:
    """Tell what is at the top of the timeline: the turn, the row in it, and how far down it is."""
    place = view.place()
    if place is None:
        return []
    key, anchor = place
    layout = view.laid_out.layout(anchor.row)
    return [key.turn, key.number, layout.top_of(anchor.within)]


def text_size(view: Any) -> float:
    """Tell how large the letters of the lowest message are, as it is laid out."""
    rows = view.visible_rows()
    if not rows:
        return 0.0
    layout = view.laid_out.layout(rows[-1])
    return float(layout.parts[0].document.style.body.font.pixelSize()) if layout.parts else 0.0


def versions(view: Any) -> list[str]:
    """Give which version of how many is shown of the messages that are seen, as it is drawn."""
    layouts = [view.laid_out.layout(row) for row in view.visible_rows()]
    return [one._count_words for one in layouts if getattr(one.row, "branches", ())]


def all_texts() -> list[str]:
    found: list[str] = []
    for widget in QApplication.allWidgets():
        for name in ("text", "toPlainText", "windowTitle", "toolTip", "accessibleName"):
            give = getattr(widget, name, None)
            if callable(give):
                found.append(str(give()))
        # What the timeline shows is drawn: its rows, and what was laid out of them.
        for row in getattr(widget, "rows", ()):
            found += [str(value) for value in describe(row).values()]
        if (rows := getattr(widget, "laid_out", None)) is not None:
            for layout in list(rows._layouts.values()):
                found.append(layout.text_between(*layout.everything()))
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            found += [
                str(model.index(row, 0).data(role))
                for row in range(model.rowCount())
                for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
            ]
    return found


def titles(model: Any) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def dialog_text(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def describe(row: Any) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in row.__dataclass_fields__}
    plain = {name: value for name, value in fields.items() if isinstance(value, str | int | bool)}
    return {"row": type(row).__name__, **plain}


def main() -> int:
    remote = Remote()
    QTimer.singleShot(0, remote.start_recording)
    from chatelaine.__main__ import main as run

    return run(sys.argv[1:]) or 0


if __name__ == "__main__":
    sys.exit(main())
