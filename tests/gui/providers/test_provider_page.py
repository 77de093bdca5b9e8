from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton

from chatelaine.errors import CredentialsRefused, ProviderUnreachable
from chatelaine.gui.providers.provider_page import PRESETS, Entry, ProviderPage
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.providers.records import ConnectionReport, Protocol, Provider

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LEFT = Qt.MouseButton.LeftButton
SAVED = Provider("https://openrouter.ai/api/v1", "some-model", Protocol.CHAT_COMPLETIONS)


@pytest.fixture
def page(qtbot: QtBot) -> ProviderPage:
    page = ProviderPage()
    qtbot.addWidget(page)
    page.resize(480, 560)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    return page


@pytest.fixture
def tests(page: ProviderPage) -> list[tuple[Any, ...]]:
    tests: list[tuple[Any, ...]] = []
    page.test_requested.connect(lambda *values: tests.append(values))
    return tests


def line(page: ProviderPage, name: str) -> QLineEdit:
    found = page.findChild(QLineEdit, name)
    assert isinstance(found, QLineEdit)
    return found


def combo(page: ProviderPage, name: str) -> QComboBox:
    found = page.findChild(QComboBox, name)
    assert isinstance(found, QComboBox)
    return found


def model(page: ProviderPage) -> QLineEdit:
    found = combo(page, "model").lineEdit()
    assert found is not None
    return found


def button(page: ProviderPage, name: str) -> QPushButton:
    found = page.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def words(page: ProviderPage) -> str:
    labels = page.findChildren(QLabel)
    return "\n".join(one.text() for one in labels if one.isVisible() and one.text())


def write(field: QLineEdit, text: str) -> None:
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


# ---------------------------------------------------------------------------- what is shown


def test_without_a_provider_the_page_speaks_of_the_demo_model(page: ProviderPage) -> None:
    assert "demo model" in words(page)
    page.load(SAVED, has_key=True)
    assert "demo model" not in words(page)


def test_a_saved_provider_is_shown_without_its_key(page: ProviderPage) -> None:
    page.load(SAVED, has_key=True)
    assert line(page, "baseUrl").text() == SAVED.base_url
    assert model(page).text() == SAVED.model
    assert combo(page, "protocol").currentText() == "Chat Completions"
    assert line(page, "apiKey").text() == ""
    assert line(page, "apiKey").placeholderText().startswith("A key is stored.")
    assert not page.is_changed()


def test_the_presets_fill_in_addresses(page: ProviderPage) -> None:
    menu = button(page, "presets").menu()
    shown = [action.text().split("\t") for action in menu.actions()]
    assert shown == [[name, address] for name, address in PRESETS.items()]
    assert PRESETS["Ollama"] == "http://localhost:11434/v1"
    next(action for action in menu.actions() if action.text().startswith("Ollama")).trigger()
    assert line(page, "baseUrl").text() == "http://localhost:11434/v1"


# ---------------------------------------------------------------------------- testing


def test_what_is_entered_is_tried(page: ProviderPage, tests: list[tuple[Any, ...]]) -> None:
    write(line(page, "baseUrl"), "localhost:8080/v1/")
    write(line(page, "apiKey"), " sk-test ")
    QTest.keyClicks(combo(page, "protocol"), "r")
    QTest.mouseClick(button(page, "testConnection"), LEFT)
    assert tests == [("http://localhost:8080/v1", "sk-test", Protocol.RESPONSES)]


def test_no_address_means_openai(page: ProviderPage, tests: list[tuple[Any, ...]]) -> None:
    QTest.mouseClick(button(page, "testConnection"), LEFT)
    assert tests == [("https://api.openai.com/v1", None, Protocol.AUTO)]


def test_a_useless_address_is_told_at_its_field_and_not_tried(
    page: ProviderPage, tests: list[tuple[Any, ...]]
) -> None:
    write(line(page, "baseUrl"), "ftp://somewhere")
    QTest.mouseClick(button(page, "testConnection"), LEFT)
    assert tests == []
    assert "This is not the address of a server" in words(page)
    QTest.keyClicks(line(page, "baseUrl"), "x")
    assert "This is not the address of a server" not in words(page)


def test_while_the_server_is_asked_a_ring_turns(page: ProviderPage) -> None:
    spinner = page.findChild(Spinner)
    assert isinstance(spinner, Spinner)
    page.set_testing(testing=True)
    assert spinner.isVisible()
    assert not button(page, "testConnection").isEnabled()
    page.set_testing(testing=False)
    assert not spinner.isVisible()
    assert button(page, "testConnection").isEnabled()


@pytest.mark.parametrize(
    ("models", "offer", "chosen"),
    [
        ((), "It does not list its models: type the name of one.", ""),
        (("only",), "It offers one model.", "only"),
        (("a", "b", "c"), "It offers 3 models.", ""),
    ],
)
def test_a_report_says_what_the_server_offers(
    page: ProviderPage, models: tuple[str, ...], offer: str, chosen: str
) -> None:
    page.show_report(ConnectionReport(models, Protocol.RESPONSES, "http://localhost:1/v1"))
    assert f"The connection works (Responses API). {offer}" in words(page)
    assert line(page, "baseUrl").text() == "http://localhost:1/v1"
    assert [combo(page, "model").itemText(n) for n in range(len(models))] == list(models)
    assert model(page).text() == chosen


def test_a_report_leaves_the_chosen_model(page: ProviderPage) -> None:
    page.load(SAVED, has_key=False)
    page.show_report(ConnectionReport(("other", "third"), Protocol.RESPONSES, SAVED.base_url))
    assert model(page).text() == SAVED.model


def test_part_of_a_name_finds_the_model(qtbot: QtBot, page: ProviderPage) -> None:
    models = tuple(f"maker/model-{number}" for number in range(30))
    page.show_report(ConnectionReport(models, Protocol.RESPONSES, SAVED.base_url))
    QTest.keyClicks(model(page), "DEL-17")
    completer = combo(page, "model").completer()
    assert completer is not None
    popup = completer.popup()
    assert popup is not None
    qtbot.waitUntil(popup.isVisible)
    assert completer.completionCount() == 1
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert model(page).text() == "maker/model-17"


def test_a_problem_is_told_in_words_and_a_refused_key_can_be_typed_at_once(
    page: ProviderPage,
) -> None:
    page.show_problem(CredentialsRefused("The server said: <b>no</b>."))
    assert "The server refused the API key. The server said: <b>no</b>." in words(page)
    assert page.focusWidget() is line(page, "apiKey")
    page.show_problem(ProviderUnreachable("Nobody answers there."))
    assert "The server cannot be reached. Nobody answers there." in words(page)


def test_a_result_is_forgotten_when_what_it_was_about_is_changed(page: ProviderPage) -> None:
    for name in ("baseUrl", "apiKey"):
        page.show_report(ConnectionReport(("a",), Protocol.RESPONSES, SAVED.base_url))
        QTest.keyClicks(line(page, name), "x")
        assert "works" not in words(page)


# ---------------------------------------------------------------------------- saving


def test_what_is_entered_is_handed_over(page: ProviderPage) -> None:
    write(line(page, "baseUrl"), "https://example.com/v1/chat/completions")
    write(line(page, "apiKey"), "sk-test")
    write(model(page), " some-model ")
    assert page.is_changed()
    assert page.entry() == Entry(Provider("https://example.com/v1", "some-model"), "sk-test")


def test_an_untouched_key_stays(page: ProviderPage) -> None:
    page.load(SAVED, has_key=True)
    write(model(page), "another")
    entry = page.entry()
    assert entry is not None
    assert entry.api_key is None
    assert entry.provider == Provider(SAVED.base_url, "another", SAVED.protocol)


def test_without_a_model_nothing_is_handed_over_and_it_is_said_why(page: ProviderPage) -> None:
    write(line(page, "baseUrl"), "https://example.com/v1")
    assert page.entry() is None
    assert "Choose a model" in words(page)
    assert page.focusWidget() is combo(page, "model")
    QTest.keyClicks(model(page), "m")
    assert "Choose a model" not in words(page)


def test_with_a_useless_address_nothing_is_handed_over(page: ProviderPage) -> None:
    write(line(page, "baseUrl"), "https://name:password@example.com")
    write(model(page), "m")
    assert page.entry() is None
    assert "This address carries a password" in words(page)


def test_an_address_that_cannot_be_asked_is_not_handed_over(page: ProviderPage) -> None:
    write(line(page, "baseUrl"), "http://h/v 1")
    write(model(page), "m")
    assert page.entry() is None
    assert "This is not the address of a server" in words(page)


@pytest.mark.parametrize("key", ["sk abc", "ключ"])
def test_what_can_be_no_key_is_neither_tried_nor_handed_over(
    page: ProviderPage, tests: list[tuple[Any, ...]], key: str
) -> None:
    write(line(page, "baseUrl"), "https://example.com/v1")
    write(model(page), "m")
    line(page, "apiKey").insert(key)
    assert page.entry() is None
    assert "This is not an API key" in words(page)
    assert page.focusWidget() is line(page, "apiKey")
    QTest.mouseClick(button(page, "testConnection"), LEFT)
    assert tests == []
    write(line(page, "apiKey"), "sk-abc")
    assert "This is not an API key" not in words(page)
    entry = page.entry()
    assert entry is not None
    assert entry.api_key == "sk-abc"


def test_the_protocol_that_was_found_out_is_handed_over(page: ProviderPage) -> None:
    page.show_report(ConnectionReport(("m",), Protocol.CHAT_COMPLETIONS, "http://localhost:1/v1"))
    entry = page.entry()
    assert entry is not None
    assert entry.provider.protocol is Protocol.CHAT_COMPLETIONS


def test_what_was_found_out_about_one_server_is_not_believed_of_another(
    page: ProviderPage,
) -> None:
    page.load(SAVED, has_key=False)
    write(line(page, "baseUrl"), "http://localhost:2/v1")
    assert combo(page, "protocol").currentText() == "Automatic"
    entry = page.entry()
    assert entry is not None
    assert entry.provider.protocol is Protocol.AUTO


# ---------------------------------------------------------------------------- the stored key


def test_a_stored_key_can_be_removed_and_kept_after_all(
    page: ProviderPage, tests: list[tuple[Any, ...]]
) -> None:
    page.load(SAVED, has_key=True)
    remove = button(page, "removeKey")
    QTest.mouseClick(remove, LEFT)
    assert "The key will be removed when you save." in words(page)
    assert page.is_changed()
    entry = page.entry()
    assert entry is not None
    assert entry.api_key == ""
    QTest.mouseClick(button(page, "testConnection"), LEFT)
    assert tests == [(SAVED.base_url, "", SAVED.protocol)]
    QTest.mouseClick(remove, LEFT)
    assert "removed" not in words(page)
    assert not page.is_changed()


def test_a_stored_key_is_not_taken_to_another_server(page: ProviderPage) -> None:
    page.load(SAVED, has_key=True)
    write(line(page, "baseUrl"), "https://openrouter.ai/api/v2")
    assert "another server" not in words(page)
    write(line(page, "baseUrl"), "https://elsewhere.example/v1")
    assert "The stored key was entered for another server" in words(page)
    assert not button(page, "removeKey").isVisible()
    write(line(page, "baseUrl"), SAVED.base_url)
    assert "another server" not in words(page)
    assert button(page, "removeKey").isVisible()


def test_where_no_key_is_stored_there_is_none_to_remove(page: ProviderPage) -> None:
    page.load(SAVED, has_key=False)
    assert not button(page, "removeKey").isVisible()


# ---------------------------------------------------------------------------- access


def test_every_field_has_a_name_and_tab_goes_from_top_to_bottom(page: ProviderPage) -> None:
    page.load(SAVED, has_key=True)
    for name in ("baseUrl", "apiKey"):
        assert line(page, name).accessibleName()
        assert any(one.buddy() is line(page, name) for one in page.findChildren(QLabel))
    for name in ("model", "protocol"):
        assert combo(page, name).accessibleName()
        assert any(one.buddy() is combo(page, name) for one in page.findChildren(QLabel))
    line(page, "baseUrl").setFocus()
    reached = []
    for _ in range(9):
        focused = page.focusWidget()
        assert focused is not None
        reached.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    named = [name for name in dict.fromkeys(reached) if not name.startswith("qt_") and name]
    assert named == [
        "baseUrl",
        "presets",
        "apiKey",
        "removeKey",
        "testConnection",
        "model",
        "protocol",
    ]
