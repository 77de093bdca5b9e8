from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow

from chatelaine.gui.actions import (
    COMMANDS,
    ActionId,
    build_actions,
    fill_menu_bar,
)
from chatelaine.gui.menus import Menu
from chatelaine.gui.step_names import redo_text, undo_text
from chatelaine.store.records import StepKind

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def without_mnemonic(text: str) -> str:
    return text.replace("&", "")


def test_every_command_is_there_once_with_a_text_and_a_tip() -> None:
    assert Counter(command.id for command in COMMANDS) == Counter(ActionId)
    for command in COMMANDS:
        assert without_mnemonic(command.text).strip(), command.id
        assert command.tip.endswith("."), command.id
        assert command.tip[0].isupper(), command.id


def test_no_two_commands_share_a_shortcut() -> None:
    keys = [
        QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText)
        for command in COMMANDS
        for keys in command.shortcuts
    ]
    assert all(keys)
    assert [key for key, count in Counter(keys).items() if count > 1] == []


@pytest.mark.parametrize("menu", list(Menu))
def test_no_two_commands_of_a_menu_share_a_mnemonic(menu: Menu) -> None:
    texts = [command.text for command in COMMANDS if command.menu is menu]
    if menu is Menu.VIEW:
        texts.append(Menu.THEME)
    if menu is Menu.EDIT:
        steps = (*StepKind, None)
        for undo, redo in ((undo_text(one), redo_text(one)) for one in steps):
            letters = Counter(re.findall(r"&(\w)", " ".join([*texts[:2], undo, redo]).lower()))
            assert max(letters.values()) == 1
    letters = Counter("".join(re.findall(r"&(\w)", text.lower())) for text in texts)
    assert "" not in letters
    assert max(letters.values()) == 1


def test_texts_are_in_sentence_case() -> None:
    names = {"Markdown", "ID", "Chatelaine"}
    for command in COMMANDS:
        words = without_mnemonic(command.text).rstrip("…").split()
        assert words[0][0].isupper()
        assert [w for w in words[1:] if w[0].isupper() and w not in names] == [], command.id


def test_the_menus_show_every_action_with_its_keys(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = build_actions(window)
    menus = fill_menu_bar(window.menuBar(), actions)
    titles = [action.text() for action in window.menuBar().actions()]
    assert titles == ["&File", "&Edit", "&Thread", "&View", "&Help"]
    shown = {action.objectName() for menu in menus.values() for action in menu.actions()} - {
        "",
        *(menu.menuAction().objectName() for menu in menus.values()),
    }
    assert shown == set(ActionId)
    assert menus[Menu.THEME].menuAction() in menus[Menu.VIEW].actions()
    for command in COMMANDS:
        action = actions[command.id]
        assert action.toolTip() == command.tip
        assert action.statusTip() == command.tip
        assert [one.toString() for one in action.shortcuts()] == [
            QKeySequence(keys).toString() for keys in command.shortcuts
        ]


def test_a_menu_has_its_symbols_when_it_opens(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = build_actions(window)
    menus = fill_menu_bar(window.menuBar(), actions)
    assert all(action.icon().isNull() for action in actions.values())
    for menu in menus.values():
        menu.aboutToShow.emit()
    for command in COMMANDS:
        assert actions[command.id].icon().isNull() is (command.icon == ""), command.id


def triggered_by(qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier) -> list[str]:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = build_actions(window)
    fill_menu_bar(window.menuBar(), actions)
    triggered: list[str] = []
    for name, action in actions.items():
        action.triggered.connect(lambda _checked=False, name=name: triggered.append(name))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.setFocus()
    QTest.keyClick(window, key, modifier)
    return triggered


def test_a_key_of_the_program_triggers_its_action(qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    assert triggered_by(qtbot, Qt.Key.Key_N, control) == [ActionId.NEW_THREAD]
    both = control | Qt.KeyboardModifier.AltModifier
    assert triggered_by(qtbot, Qt.Key.Key_Z, both) == [ActionId.UNDO_STEP]
    none = Qt.KeyboardModifier.NoModifier
    assert triggered_by(qtbot, Qt.Key.Key_Escape, none) == [ActionId.STOP]


def test_keys_that_belong_to_a_part_do_nothing_in_the_window(qtbot: QtBot) -> None:
    none = Qt.KeyboardModifier.NoModifier
    assert triggered_by(qtbot, Qt.Key.Key_Delete, none) == []


def test_exactly_one_theme_is_chosen_at_a_time(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = build_actions(window)
    themes = [actions[one] for one in ActionId if one.startswith("theme-")]
    for theme in themes:
        theme.trigger()
        assert [one for one in themes if one.isChecked()] == [theme]


def test_places_in_the_menu_of_macos_are_given_and_never_guessed(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    roles = Counter(action.menuRole() for action in build_actions(window).values())
    for role in ("QuitRole", "AboutRole", "PreferencesRole"):
        assert roles[QAction.MenuRole[role]] == 1
    assert roles[QAction.MenuRole.TextHeuristicRole] == 0


@pytest.mark.parametrize(
    ("step", "undo", "redo"),
    [
        (StepKind.TURN, "Undo last turn", "Redo turn"),
        (StepKind.CLEAR, "Undo clear", "Redo clear"),
        (StepKind.DELETE, "Undo delete message", "Redo delete message"),
        (StepKind.POP, "Undo removal", "Redo removal"),
        (None, "Undo last turn", "Redo turn"),
    ],
)
def test_the_menu_names_the_step_it_would_take_back(
    step: StepKind | None, undo: str, redo: str
) -> None:
    assert without_mnemonic(undo_text(step)) == undo
    assert without_mnemonic(redo_text(step)) == redo
