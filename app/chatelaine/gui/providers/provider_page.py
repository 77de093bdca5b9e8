"""Where answers come from: the address of a server, its key, and the model to ask there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import CredentialsMissing, CredentialsRefused, ProviderError
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.secret_field import SecretField
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.providers.address import OPENAI_URL, base_url_from, same_server
from chatelaine.providers.credentials import check_api_key
from chatelaine.providers.records import ConnectionReport, Protocol, Provider

if TYPE_CHECKING:
    from chatelaine.errors import ChatelaineError

PRESETS = {
    "OpenAI": OPENAI_URL,
    "OpenRouter": "https://openrouter.ai/api/v1",
    "Ollama": "http://localhost:11434/v1",
    "LM Studio": "http://localhost:1234/v1",
    "llama.cpp": "http://localhost:8080/v1",
}
"""Servers that many people use, and their usual addresses."""

_PROTOCOLS = {
    Protocol.AUTO: "Automatic",
    Protocol.RESPONSES: "Responses API",
    Protocol.CHAT_COMPLETIONS: "Chat Completions",
}
_DEMO = (
    "Now the demo model answers: it needs no network and is no AI. "
    "Connect a server to talk with a real one."
)
_TO_DEMO = (
    "When you save, the demo model answers again. "
    "The address of this server and its API key are then removed."
)
_STORED = "A key is stored. Leave this empty to keep it."
_NONE_STORED = "Only where the server wants one"
_REMOVED = "The key will be removed when you save."
_ELSEWHERE = "The stored key was entered for another server; it will be removed when you save."


@dataclass(frozen=True, slots=True)
class Entry:
    """What the user has entered, ready to be saved.

    Attributes:
        provider: The server and the model.
        api_key: A new key; '' for none; None for the one that is stored.
    """

    provider: Provider
    api_key: str | None


class ProviderPage(QWidget):
    """The fields for one provider. It keeps nothing and asks nobody itself.

    Signals:
        test_requested(str, object, Protocol): Try this base URL, with this key (None for the
            stored one) and this protocol.
    """

    test_requested = Signal(str, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._saved = Provider("", "")
        self._has_key = False
        self._key_removed = False
        self._detected: tuple[str, Protocol] | None = None
        self._build()
        self._connect()
        self.load(None, has_key=False)

    # ------------------------------------------------------------------ building

    def _build(self) -> None:
        self._demo = Note()
        self._demo.setContentsMargins(0, 0, 0, 10)
        self._base_url = QLineEdit()
        self._base_url.setPlaceholderText(OPENAI_URL)
        self._base_url.setInputMethodHints(Qt.InputMethodHint.ImhUrlCharactersOnly)
        self._presets = QPushButton("Presets")
        self._presets.setObjectName("presets")
        self._presets.setAccessibleName("Addresses of well-known servers")
        self._presets.setAutoDefault(False)
        menu = QMenu(self._presets)
        for name, address in PRESETS.items():
            menu.addAction(f"{name}\t{address}", partial(self._use, address))
        self._presets.setMenu(menu)
        self._base_url_note = Note()

        self._api_key = SecretField()
        self._remove_key = QPushButton("Remove")
        self._remove_key.setObjectName("removeKey")
        self._remove_key.setAccessibleName("Remove the stored API key")
        self._remove_key.setAutoDefault(False)
        self._remove_key.setCheckable(True)
        self._api_key_note = Note()

        self._test = QPushButton("&Test connection")
        self._test.setObjectName("testConnection")
        self._test.setAutoDefault(False)
        self._spinner = Spinner()
        self._spinner.hide()
        self._result = Note()
        self._result.setObjectName("testResult")

        self._model = QComboBox()
        self._model.setEditable(True)
        self._model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._model.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        completer = QCompleter(self._model.model(), self._model)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._model.setCompleter(completer)
        line = self._model.lineEdit()
        if line is not None:
            line.setPlaceholderText("Test the connection to see what there is")
        self._model_note = Note()
        self._protocol = QComboBox()
        for protocol, text in _PROTOCOLS.items():
            self._protocol.addItem(text, protocol)
        self.setFocusProxy(self._base_url)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(6)
        column.addWidget(self._demo)
        column.addWidget(_named("&Server address", "baseUrl", self._base_url))
        column.addLayout(_row(self._base_url, self._presets))
        column.addWidget(self._base_url_note)
        column.addSpacing(8)
        column.addWidget(_named("API &key", "apiKey", self._api_key))
        column.addLayout(_row(self._api_key, self._remove_key))
        column.addWidget(self._api_key_note)
        column.addSpacing(10)
        test = QHBoxLayout()
        test.addWidget(self._test)
        test.addWidget(self._spinner)
        test.addStretch(1)
        column.addLayout(test)
        column.addWidget(self._result)
        column.addSpacing(10)
        column.addWidget(_named("&Model", "model", self._model))
        column.addWidget(self._model)
        column.addWidget(self._model_note)
        column.addSpacing(8)
        column.addWidget(_named("&Protocol", "protocol", self._protocol))
        column.addWidget(self._protocol)
        column.addStretch(1)

    def _connect(self) -> None:
        self._base_url.textEdited.connect(self._on_address)
        self._api_key.textEdited.connect(self._on_key)
        self._remove_key.toggled.connect(self._on_remove_key)
        self._protocol.activated.connect(self._forget_result)
        self._model.editTextChanged.connect(self._model_note.hush)
        self._test.clicked.connect(self._ask_for_test)

    # ------------------------------------------------------------------ what is shown

    def load(self, provider: Provider | None, *, has_key: bool) -> None:
        """Show what is saved; None for the demo model."""
        self._saved = provider or Provider("", "")
        self._has_key = has_key
        self._detected = None
        self._demo.say("" if provider is not None else _DEMO)
        self._base_url.setText(self._saved.base_url)
        self._api_key.take()
        self._model.clear()
        self._model.setEditText(self._saved.model)
        self._set_protocol(self._saved.protocol)
        self._remove_key.setChecked(False)
        self._forget_result()
        self._show_key_state()

    def show_demo_chosen(self, *, chosen: bool) -> None:
        """Show that the demo model is to take the place of the server, or not any more."""
        self._demo.say(_TO_DEMO if chosen else "")
        self.setEnabled(not chosen)

    def set_testing(self, *, testing: bool) -> None:
        """Show that the server is being asked, or no longer."""
        self._spinner.setVisible(testing)
        self._test.setEnabled(not testing)
        if testing:
            self._result.say("Asking the server…")

    def show_report(self, report: ConnectionReport) -> None:
        """Show that a server answered, and what it offers."""
        self._base_url.setText(report.base_url)
        self._detected = (report.base_url, report.protocol)
        chosen = self._model.currentText().strip()
        self._model.clear()
        self._model.addItems(report.models)
        if not chosen and len(report.models) == 1:
            chosen = report.models[0]
        self._model.setCurrentIndex(self._model.findText(chosen))
        self._model.setEditText(chosen)
        if report.models:
            found = f"{len(report.models)} models" if len(report.models) > 1 else "one model"
            offer = f"It offers {found}."
        else:
            offer = "It does not list its models: type the name of one."
        how = _PROTOCOLS[report.protocol]
        self._result.say(f"The connection works ({how}). {offer}", Role.SUCCESS)
        if not chosen:
            self._model.setFocus()

    def show_problem(self, error: ChatelaineError) -> None:
        """Say why the server cannot be used like that."""
        self._result.say(f"{error.title}. {error.message}", Role.ERROR)
        if isinstance(error, CredentialsMissing | CredentialsRefused):
            self._api_key.setFocus()

    def is_changed(self) -> bool:
        """Tell whether anything else is entered than what is saved."""
        shown = Provider(
            self._base_url.text().strip(),
            self._model.currentText().strip(),
            self._chosen_protocol(),
        )
        return shown != self._saved or self._entered_key() is not None

    def entry(self) -> Entry | None:
        """Give what is to be saved; None, and words at the field, where that would not do."""
        base_url = self._address()
        if base_url is None or not self._is_key_usable(base_url):
            return None
        model = self._model.currentText().strip()
        if not model:
            self._model_note.say(
                "Choose a model, or type its name. Test connection lists those of the server.",
                Role.ERROR,
            )
            self._model.setFocus()
            return None
        protocol = self._chosen_protocol()
        if protocol is Protocol.AUTO and self._detected and self._detected[0] == base_url:
            protocol = self._detected[1]
        return Entry(Provider(base_url, model, protocol), self._entered_key())

    # ------------------------------------------------------------------ inside

    def _address(self) -> str | None:
        try:
            return base_url_from(self._base_url.text())
        except ProviderError as error:
            self._base_url_note.say(f"{error.title}. {error.message}", Role.ERROR)
            self._base_url.setFocus()
            return None

    def _is_key_usable(self, base_url: str) -> bool:
        typed = self._api_key.text().strip()
        if not typed:
            return True
        try:
            check_api_key(base_url, typed)
        except ProviderError as error:
            self._api_key_note.say(f"{error.title}. {error.message}", Role.ERROR)
            self._api_key.setFocus()
            return False
        return True

    def _entered_key(self) -> str | None:
        typed = self._api_key.text().strip()
        return typed or ("" if self._key_removed else None)

    def _chosen_protocol(self) -> Protocol:
        return Protocol(self._protocol.currentData())

    def _set_protocol(self, protocol: Protocol) -> None:
        self._protocol.setCurrentIndex(self._protocol.findData(protocol))

    def _use(self, address: str) -> None:
        self._base_url.setText(address)
        self._on_address()
        self._api_key.setFocus()

    def _on_address(self) -> None:
        self._base_url_note.hush()
        # What was found out, or chosen, holds for the server that stood here before.
        self._set_protocol(Protocol.AUTO)
        self._forget_result()
        self._show_key_state()

    def _on_key(self) -> None:
        self._forget_result()
        self._show_key_state()

    def _on_remove_key(self, removed: bool) -> None:
        self._key_removed = removed
        self._remove_key.setText("Keep" if removed else "Remove")
        self._remove_key.setAccessibleName(
            "Keep the stored API key" if removed else "Remove the stored API key"
        )
        self._forget_result()
        self._show_key_state()

    def _show_key_state(self) -> None:
        kept = self._has_key and not self._key_removed
        at_home = kept and self._is_saved_server()
        self._api_key.setPlaceholderText(_STORED if at_home else _NONE_STORED)
        self._remove_key.setVisible(self._has_key and self._is_saved_server())
        if self._has_key and self._key_removed:
            self._api_key_note.say(_REMOVED)
        elif kept and not at_home:
            self._api_key_note.say(_ELSEWHERE)
        else:
            self._api_key_note.hush()

    def _is_saved_server(self) -> bool:
        try:
            return same_server(base_url_from(self._base_url.text()), self._saved.base_url)
        except ProviderError:
            return False

    def _forget_result(self) -> None:
        self._detected = None
        self._result.hush()

    def _ask_for_test(self) -> None:
        base_url = self._address()
        if base_url is not None and self._is_key_usable(base_url):
            self.test_requested.emit(base_url, self._entered_key(), self._chosen_protocol())


def _named(text: str, name: str, field: QWidget) -> QLabel:
    field.setObjectName(name)
    field.setAccessibleName(text.replace("&", ""))
    label = QLabel(text)
    label.setBuddy(field)
    return label


def _row(field: QWidget, button: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(field, 1)
    row.addWidget(button)
    return row
