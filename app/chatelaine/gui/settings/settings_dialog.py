"""The settings: where answers come from, and how the window looks."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import ChatelaineError
from chatelaine.gui.overriding import override
from chatelaine.gui.providers.provider_page import ProviderPage
from chatelaine.gui.settings.appearance_page import AppearancePage
from chatelaine.gui.settings.privacy_page import PrivacyPage
from chatelaine.gui.settings.security_page import SecurityPage
from chatelaine.gui.widgets.roomy import roomy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chatelaine.gui.settings.security_page import HasAppLock
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.providers import records
    from chatelaine.providers.registry import ProviderRegistry
    from chatelaine.settings.schema import Looks, Settings

    ConnectionTest = Callable[
        [str, str | None, records.Protocol], Awaitable[records.ConnectionReport]
    ]

_TEST = "test connection"
_USE_DEMO, _KEEP_SERVER = "&Use the demo model", "&Use the server"
_WIDTH, _HEIGHT = 520, 620


class HasProviders(Protocol):
    """As much of a workspace as the settings need."""

    @property
    def providers(self) -> ProviderRegistry:
        """Where answers come from."""
        ...


class SettingsDialog(QDialog):
    """Shows what is set, tries and saves what is changed.

    The appearance is seen while it is chosen, and put back by Cancel. It is offered only where
    `settings` are given.

    Signals:
        saved(): The provider is saved, or the demo model is used again.
        app_lock_changed(): A passphrase is asked for now, or no more, or it is another one.
        locking_changed(int, bool): Lock after so many minutes; and when the computer sleeps.
        appearance_changed(Looks): Show, and keep, how the window looks now.
        trash_days_changed(int): Keep threads in the trash for so many days; 0 for ever.
    """

    saved = Signal()
    app_lock_changed = Signal()
    locking_changed = Signal(int, bool)
    appearance_changed = Signal(object)
    trash_days_changed = Signal(int)

    def __init__(
        self,
        workspace: HasProviders,
        scope: TaskScope,
        parent: QWidget | None = None,
        *,
        settings: Settings | None = None,
        app_lock: HasAppLock | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._providers = workspace.providers
        self._scope = scope
        self._before = settings
        self._security = None if app_lock is None else SecurityPage(app_lock, scope)
        self._has_provider = False
        self._has_new_looks = False
        self._is_saving = False
        self._is_gone = False
        self._build()
        self._connect()
        # What somebody types before it is known what is set would be overwritten.
        self.page.setEnabled(False)
        self.resize(roomy(self, _WIDTH, _HEIGHT))
        self.page.setFocus()
        self._scope.start(self._load(), name="load settings")

    def _build(self) -> None:
        self.page = ProviderPage()
        self._looks = AppearancePage()
        self._privacy = PrivacyPage()
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        # All names are shown whole, whatever the size of the text: the dialog is never narrower.
        self._tabs.setUsesScrollButtons(False)
        self._tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self._tabs.addTab(_scrolled(self.page), "Pr&ovider")
        if self._before is not None:
            self._looks.load(self._before)
            self._tabs.addTab(_scrolled(self._looks), "&Appearance")
            self._privacy.load(self._before)
            self._tabs.addTab(_scrolled(self._privacy), "Pri&vacy")
        if self._before is not None and self._security is not None:
            self._security.load(self._before)
            area = _scrolled(self._security)
            self._security.complained.connect(partial(_reveal, area))
            self._tabs.addTab(area, "Secu&rity")
        self._demo = QPushButton(_USE_DEMO)
        self._demo.setCheckable(True)
        self._demo.setObjectName("useDemo")
        self._demo.setProperty("kind", "quiet")
        self._demo.setAutoDefault(False)
        self._demo.hide()
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("cancel")
        self._cancel.setAutoDefault(False)
        self._save = QPushButton("Save")
        self._save.setObjectName("save")
        self._save.setProperty("kind", "primary")
        self._save.setDefault(True)
        self._save.setEnabled(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self._demo)
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(12)
        column.addWidget(self._tabs, 1)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.page.test_requested.connect(self._on_test)
        self._looks.changed.connect(self._on_appearance)
        self._save.clicked.connect(self._on_save)
        self._cancel.clicked.connect(self.reject)
        self._demo.toggled.connect(self._on_demo)
        if self._security is not None:
            self._security.app_lock_changed.connect(self.app_lock_changed)
            # Save would close the dialog before it is known what comes of it; Cancel may.
            self._security.busy_changed.connect(self._save.setDisabled)
        self._tabs.currentChanged.connect(self._show_demo)

    def show_security(self) -> None:
        """Show the page with the app lock, ready for a passphrase."""
        if self._security is not None:
            self._tabs.setCurrentIndex(self._tabs.count() - 1)
            self._security.begin()

    # ------------------------------------------------------------------ provider

    async def _load(self) -> None:
        provider = await self._providers.current()
        key = None if provider is None else await self._providers.api_key_for(provider.base_url)
        if self._is_gone:
            return
        self._has_provider = provider is not None
        self.page.load(provider, has_key=bool(key))
        self.page.setEnabled(True)
        if self._tabs.currentIndex() == 0:
            self.page.setFocus()
        self._save.setEnabled(True)
        self._show_demo()

    def _on_test(self, base_url: str, api_key: str | None, protocol: records.Protocol) -> None:
        self.page.set_testing(testing=True)
        self._scope.start(self._test(base_url, api_key, protocol), name=_TEST, replace=_TEST)

    async def _test(self, base_url: str, api_key: str | None, protocol: records.Protocol) -> None:
        try:
            if api_key is None:
                api_key = await self._providers.api_key_for(base_url)
            test_connection = await _load_test()
            report = await test_connection(base_url, api_key, protocol)
        except ChatelaineError as error:
            if not self._is_gone:
                self.page.show_problem(error)
        else:
            if not self._is_gone:
                self.page.show_report(report)
        finally:
            if not self._is_gone:
                self.page.set_testing(testing=False)

    def _on_save(self) -> None:
        is_changed = self.page.is_changed() and not self._demo.isChecked()
        entry = self.page.entry() if is_changed else None
        if is_changed and entry is None:
            self._tabs.setCurrentIndex(0)
        elif self._security is not None and self._security.is_begun:
            self._tabs.setCurrentIndex(self._tabs.count() - 1)
            self._security.save(then=self._on_save)
        elif self._demo.isChecked():
            self._change(self._providers.remove)
        elif entry is None:
            self.accept()
        else:
            self._change(lambda: self._providers.save(entry.provider, entry.api_key))

    def _on_demo(self, chosen: bool) -> None:
        self._demo.setText(_KEEP_SERVER if chosen else _USE_DEMO)
        self.page.show_demo_chosen(chosen=chosen)

    def _change(self, change: Callable[[], Awaitable[None]]) -> None:
        self._set_saving(saving=True)
        self._scope.start(self._finish(change), name="save settings")

    async def _finish(self, change: Callable[[], Awaitable[None]]) -> None:
        try:
            await change()
        except ChatelaineError as error:
            self.page.show_problem(error)
            self._tabs.setCurrentIndex(0)
        else:
            self._is_saving = False
            self.saved.emit()
            self.accept()
        finally:
            if not self._is_gone:
                self._set_saving(saving=False)

    def _set_saving(self, *, saving: bool) -> None:
        self._is_saving = saving
        for widget in (self._tabs, self._save, self._cancel, self._demo):
            widget.setEnabled(not saving)

    def _show_demo(self) -> None:
        self._demo.setVisible(self._has_provider and self._tabs.currentIndex() == 0)

    # ------------------------------------------------------------------ appearance, and the end

    def _on_appearance(self, looks: Looks) -> None:
        self._has_new_looks = True
        self.appearance_changed.emit(looks)

    @override
    def accept(self) -> None:
        days = self._privacy.trash_days()
        if self._before is not None and days != self._before.trash_days:
            self.trash_days_changed.emit(days)
        self._tell_when_to_lock()
        super().accept()

    def _tell_when_to_lock(self) -> None:
        if self._before is None or self._security is None:
            return
        chosen = (self._security.auto_lock(), self._security.lock_on_sleep())
        if chosen != (self._before.auto_lock, self._before.lock_on_sleep):
            self.locking_changed.emit(*chosen)

    @override
    def reject(self) -> None:
        if self._is_saving:
            return
        if self._before is not None and self._has_new_looks:
            self.appearance_changed.emit(self._before.looks)
        super().reject()

    @override
    def done(self, result: int) -> None:
        self._is_gone = True
        if self._security is not None:
            self._security.leave()
        self._scope.cancel(_TEST)
        super().done(result)


async def _load_test() -> ConnectionTest:
    """Import what asks a server: in a worker thread, because it takes its time."""

    def load() -> ConnectionTest:
        from chatelaine.providers.catalog import test_connection

        return test_connection

    return await asyncio.to_thread(load)


def _reveal(area: QScrollArea, words: QWidget) -> None:
    # Words that were silent before have their place only when the page is laid out again.
    QTimer.singleShot(0, area, partial(area.ensureWidgetVisible, words))


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
