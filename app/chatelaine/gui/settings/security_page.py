"""The app lock: a passphrase that is asked for as well as the keyring, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import ChatelaineError, WrongSecret
from chatelaine.gui.vault.new_passphrase import NewPassphrase
from chatelaine.gui.vault.page import buddy, button
from chatelaine.gui.widgets.note import Note, Role
from chatelaine.gui.widgets.secret_field import SecretField
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.settings.schema import AUTO_LOCK, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chatelaine.gui.tasks import TaskScope

PATIENCE_MS = 1000
_CHANGE = "change app lock"
_OFF = (
    "Off. Whoever can use your account on this computer can open Chatelaine and read everything. "
    "With the app lock a passphrase is asked for at each start, and when you lock the window."
)
_ON = "On. Your passphrase is asked for at each start, and when the window is locked."
_WARNING = (
    "Nobody can reset the passphrase. If it is forgotten, only the recovery key opens your "
    "history: see File > Recovery key."
)
_TIMES = {0: "Never", 1: "After 1 minute"}
_WAITING = "The system keyring has not answered yet. It may be asking for a password."


class HasAppLock(Protocol):
    """As much of a workspace as this page needs."""

    @property
    def opened_with_recovery_key(self) -> bool:
        """Whether neither the keyring nor the passphrase have opened it."""
        ...

    async def is_app_locked(self) -> bool:
        """Tell whether a passphrase is asked for."""
        ...

    async def enable_app_lock(self, passphrase: str) -> None:
        """Have it asked for."""
        ...

    async def disable_app_lock(self) -> None:
        """Have it asked for no more."""
        ...

    async def change_passphrase(self, new: str, *, old: str | None = None) -> None:
        """Choose another one."""
        ...

    async def check_passphrase(self, passphrase: str) -> None:
        """Make sure that it is known."""
        ...


class SecurityPage(QWidget):
    """Turns the app lock on and off at once; the times count when the settings are saved.

    A passphrase that was entered and not yet used is used when the settings are saved.

    Signals:
        app_lock_changed(): It is on, or off, or opens with another passphrase now.
        busy_changed(bool): It is being changed, or no longer.
        complained(QWidget): This part of the page says that something is missing or failed.
    """

    app_lock_changed = Signal()
    busy_changed = Signal(bool)
    complained = Signal(object)

    def __init__(
        self, workspace: HasAppLock, scope: TaskScope, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._scope = scope
        self._is_on = False
        self._is_gone = False
        self._wants_focus = False
        self._build()
        self._connect()
        self.setEnabled(False)

    def _build(self) -> None:
        heading = QLabel("App lock")
        heading.setProperty("role", "heading")
        self._state = Note()
        self._present = SecretField()
        self._present.setObjectName("presentPassphrase")
        self._present.setAccessibleName("Present passphrase")
        self._asks_present = QWidget()
        form = QFormLayout(self._asks_present)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(6)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.addRow(buddy("Present &passphrase", self._present), self._present)
        self._new = NewPassphrase("&New passphrase", "New passphrase a&gain", "new")
        self._warning = Note()
        self._warning.say(_WARNING)
        self._turn_on = button("&Turn on", "turnOnLock", "")
        self._change = button("&Change passphrase", "changePassphrase", "")
        self._turn_off = button("Turn o&ff", "turnOffLock", "quiet")
        for one in (self._turn_on, self._change, self._turn_off):
            one.setAutoDefault(False)  # in a dialog Enter belongs to Save
        self._busy = Spinner()
        self._busy.hide()
        self._news = Note()
        buttons = QHBoxLayout()
        for one in (self._turn_on, self._change, self._turn_off):
            buttons.addWidget(one)
        buttons.addStretch(1)
        buttons.addWidget(self._busy)
        line = QFrame()
        line.setProperty("role", "line")
        column = QVBoxLayout(self)
        column.setSpacing(6)
        for widget in (heading, self._state, self._asks_present, self._new, self._warning):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self._news)
        column.addSpacing(8)
        column.addWidget(line)
        column.addSpacing(8)
        column.addLayout(self._build_times())
        column.addStretch(1)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)

    def _build_times(self) -> QVBoxLayout:
        self._times = QWidget()
        self._after = QComboBox()
        self._after.setObjectName("autoLock")
        self._after.setAccessibleName("Lock when nobody touches the window")
        for minutes in AUTO_LOCK:
            self._after.addItem(_TIMES.get(minutes, f"After {minutes} minutes"), minutes)
        self._on_sleep = QCheckBox("Loc&k when the computer sleeps or its screen is locked")
        self._on_sleep.setObjectName("lockOnSleep")
        row = QFormLayout()
        row.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        row.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        row.addRow(buddy("&Lock when nobody touches the window", self._after), self._after)
        inside = QVBoxLayout(self._times)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(row)
        inside.addWidget(self._on_sleep, 0, Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout()
        heading = QLabel("Lock by itself")
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        column.addWidget(self._times)
        return column

    def _connect(self) -> None:
        self._turn_on.clicked.connect(lambda: self._on_turn_on(None))
        self._change.clicked.connect(lambda: self._on_change(None))
        self._turn_off.clicked.connect(self._on_turn_off)
        self._new.changed.connect(self._judge)
        self._present.textChanged.connect(self._judge)
        self._patience.timeout.connect(lambda: self._news.say(_WAITING))

    # ------------------------------------------------------------------ what is set

    def load(self, settings: Settings) -> None:
        """Show what is set, and find out whether the app lock is on."""
        self._after.setCurrentIndex(self._after.findData(settings.auto_lock))
        self._on_sleep.setChecked(settings.lock_on_sleep)
        self._scope.start(self._look(), name=_CHANGE)

    def auto_lock(self) -> int:
        """Give the minutes that are chosen; 0 for never."""
        return int(self._after.currentData())

    def lock_on_sleep(self) -> bool:
        """Tell whether the computer's sleep is to lock."""
        return self._on_sleep.isChecked()

    @property
    def is_begun(self) -> bool:
        """Whether a passphrase was entered that nothing was done with yet."""
        return bool(self._present.text()) or not self._new.is_empty

    def save(self, then: Callable[[], object]) -> None:
        """Turn the app lock on, or change its passphrase, with what was entered.

        Args:
            then: Called when that is done. Where something is missing or fails, the page says so.
        """
        missing = self._show_missing()
        if missing:
            self._complain(missing)
        elif self._is_on:
            self._on_change(then)
        else:
            self._on_turn_on(then)

    def begin(self) -> None:
        """Lead into the first field, as soon as it is known which one that is."""
        self._wants_focus = not self.isEnabled()
        if not self._wants_focus:
            (self._new if self._asks_present.isHidden() else self._present).setFocus()

    def leave(self) -> None:
        """Forget what was entered: the page goes. What was begun comes to its end."""
        self._is_gone = True
        self._patience.stop()
        self._forget()

    async def _look(self) -> None:
        is_on = await self._workspace.is_app_locked()
        if not self._is_gone:
            self._show(is_on=is_on)
            self.setEnabled(True)
            if self._wants_focus:
                self.begin()

    def _show(self, *, is_on: bool) -> None:
        self._is_on = is_on
        self._state.say(_ON if is_on else _OFF)
        self._asks_present.setVisible(is_on and not self._workspace.opened_with_recovery_key)
        self._turn_on.setVisible(not is_on)
        self._change.setVisible(is_on)
        self._turn_off.setVisible(is_on)
        self._times.setEnabled(is_on)
        self._judge()

    def _judge(self) -> None:
        known = self._asks_present.isHidden() or bool(self._present.text())
        self._turn_on.setEnabled(self._new.is_good)
        self._change.setEnabled(self._new.is_good and known)
        self._turn_off.setEnabled(known)

    def _show_missing(self) -> str:
        if self._is_on and self._new.is_empty:
            self._new.setFocus()
            return "Enter a new passphrase as well, or turn the app lock off."
        if self._is_on and not self._asks_present.isHidden() and not self._present.text():
            self._present.setFocus()
            return "Enter the present passphrase as well."
        return self._new.show_missing()

    # ------------------------------------------------------------------ changing it

    def _on_turn_on(self, then: Callable[[], object] | None) -> None:
        new = self._new.take()
        self._begin(lambda: self._workspace.enable_app_lock(new), "The app lock is on.", then)

    def _on_change(self, then: Callable[[], object] | None) -> None:
        old, new = self._take_present(), self._new.take()
        self._begin(
            lambda: self._workspace.change_passphrase(new, old=old),
            "From now on the new passphrase opens your history.",
            then,
        )

    def _on_turn_off(self) -> None:
        old = self._take_present()

        async def turn_off() -> None:
            if old is not None:
                await self._workspace.check_passphrase(old)
            await self._workspace.disable_app_lock()

        self._begin(turn_off, "The app lock is off.", None)

    def _take_present(self) -> str | None:
        return None if self._asks_present.isHidden() else self._present.take()

    def _begin(
        self,
        change: Callable[[], Awaitable[None]],
        done: str,
        then: Callable[[], object] | None,
    ) -> None:
        self._set_busy(busy=True)
        self._scope.start(self._run(change, done, then), name=_CHANGE)

    async def _run(
        self,
        change: Callable[[], Awaitable[None]],
        done: str,
        then: Callable[[], object] | None,
    ) -> None:
        problem: ChatelaineError | None = None
        try:
            await change()
        except ChatelaineError as error:
            problem = error
        if problem is None:
            self.app_lock_changed.emit()
        if not self._is_gone:
            self._show_outcome(problem, done, then, is_on=await self._workspace.is_app_locked())

    def _show_outcome(
        self,
        problem: ChatelaineError | None,
        done: str,
        then: Callable[[], object] | None,
        *,
        is_on: bool,
    ) -> None:
        if self._is_gone:
            return
        self._set_busy(busy=False)
        self._show(is_on=is_on)
        if problem is None:
            self._forget()
            self._news.say(done, Role.SUCCESS)
            (self._after if self._is_on else self._new).setFocus()
            if then is not None:
                then()
        else:
            self._complain(problem.message)
            if isinstance(problem, WrongSecret):
                self._present.setFocus()

    def _complain(self, words: str) -> None:
        self._news.say(words, Role.ERROR)
        self.complained.emit(self._news)

    def _forget(self) -> None:
        self._present.take()
        self._new.take()

    def _set_busy(self, *, busy: bool) -> None:
        self._busy.setVisible(busy)
        self._news.hush()
        for widget in (self._asks_present, self._new, self._turn_on, self._change, self._turn_off):
            widget.setEnabled(not busy)
        self.busy_changed.emit(busy)
        if busy:
            self._patience.start()
        else:
            self._patience.stop()
