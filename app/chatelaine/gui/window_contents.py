"""What is in the main window: the locked page or the workspace page, and menus connected to them.

Nothing else decides which page is shown. All ways out (closing the window, Quit, the end of the
session) leave through `shut_down`: running turns are stopped and saved, drafts are written, the
history is closed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from chatelaine.errors import ChatelaineError, HistoryDamaged
from chatelaine.gui import failures, questions
from chatelaine.gui.actions import COMMANDS, ActionId, build_actions, fill_menu_bar
from chatelaine.gui.backups.backup_actions import BackupActions
from chatelaine.gui.failures import Failure, FailureBanner, Tone
from chatelaine.gui.history_change import HistoryChange
from chatelaine.gui.leaving import CLOSING, Door, step_out
from chatelaine.gui.locking import Locking
from chatelaine.gui.menus import Menu
from chatelaine.gui.step_names import redo_text, undo_text
from chatelaine.gui.thread_actions import WHOLE_THREAD, connect_lists, show_state
from chatelaine.gui.transfers import Transfers
from chatelaine.gui.vault.entrance import Entrance
from chatelaine.gui.wanted_later import WantedLater
from chatelaine.gui.window_geometry import with_geometry
from chatelaine.settings.schema import Looks, Settings, Theme

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from PySide6.QtWidgets import QMainWindow, QStackedWidget

    from chatelaine.gui.opening import Wanted
    from chatelaine.gui.recovery_key import RecoveryKey
    from chatelaine.gui.settings.settings_dialog import SettingsDialog
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.workspace_page import WorkspacePage
    from chatelaine.workspace import Workspace

log = logging.getLogger(__name__)

TEXT_STEP = 10
"""Percent by which Larger and Smaller change the size of the text."""
IDLE = 2.0
"""Seconds after the history is open until what comes later is imported."""
MOST_ERRORS = 12
"""Kinds of the latest errors that are kept, for whoever copies the diagnostics."""
DEMO_NOTICE = "You are talking with the demo model"
TURNS_BEFORE_RECOVERY = 3
"""The recovery key is offered after this many turns: not to somebody who only looks around."""


_WITH_A_HISTORY = (
    ActionId.NEW_THREAD,
    ActionId.OPEN_HISTORY,
    ActionId.NEW_HISTORY,
    ActionId.NEW_TEMPORARY,
    ActionId.EXPORT_ALL,
    ActionId.IMPORT,
    ActionId.EMPTY_TRASH,
    ActionId.SEARCH,
    ActionId.RECOVERY_KEY,
    ActionId.LOCK,
    ActionId.BACK_UP,
    ActionId.BACKUPS,
    ActionId.CHECK,
    ActionId.SETTINGS,
)
"""What needs an open history, and no thread."""

_FINDING = (ActionId.FIND, ActionId.FIND_NEXT, ActionId.FIND_PREVIOUS)


class WindowContents(QObject):
    """All that is in the window, and what it does.

    Attributes:
        actions_by_id: Every command.
        workspace_page: The page with the threads.
        entrance: The way to an open history.
        locking: Knows when it is to be locked.

    Signals:
        settings_changed: Settings that are to be applied and kept.
        closed: Everything is saved and closed.
    """

    settings_changed = Signal(object)
    closed = Signal()

    def __init__(
        self,
        window: QMainWindow,
        pages: QStackedWidget,
        page: WorkspacePage,
        *,
        scope: TaskScope,
        settings: Settings,
        usual_history: Path,
        save: Callable[[Settings], None],
    ) -> None:
        """Fill the window; nothing is read yet.

        Args:
            window: The window.
            pages: All of it below the menus; the page with the threads is in there and is shown.
            page: That page.
            scope: Owns the tasks.
            settings: What the user has chosen.
            usual_history: Where the history is unless another one was opened.
            save: Writes settings to the disk; it is called in a worker thread.
        """
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._usual_history = usual_history
        self._saved = settings
        self._save = save
        self._saving = asyncio.Lock()
        self._workspace: Workspace | None = None
        self._turns = 0
        self._offered = False
        self._leaving = False
        self._sidebar_wanted = True
        self._attached = False
        self._errors: deque[str] = deque(maxlen=MOST_ERRORS)
        self._scope = scope
        self.actions_by_id = build_actions(window)
        window.menuBar().clear()
        fill_menu_bar(window.menuBar(), self.actions_by_id)
        self.workspace_page = page
        history = Path(settings.history) if settings.history else usual_history
        self.entrance = Entrance(history, self._scope, self, usual=usual_history)
        self._door = Door(self.workspace_page, self.entrance, self._scope)
        self.locking = Locking(window, self._scope, settings)
        self._change_of_history = HistoryChange(
            window, self, self._door, self.entrance, locking=self.locking, scope=self._scope
        )
        self._backups = BackupActions(window, self._scope, self._change_of_history)
        self._banner = FailureBanner()
        self.workspace_page.frame.notices.addWidget(self._banner)
        self._pages = pages
        self._later = WantedLater(
            self.entrance.page, may_open=self._may_open, open_it=self._open_wanted
        )
        self._pages.addWidget(self._later.page)
        self._connect()
        self.actions_by_id[ActionId.SIDEBAR].setChecked(True)
        if page.frame.is_narrow:
            self._make_room(True)
        self._show_settings()
        self._update_actions()

    def start(self) -> None:
        """Open the history; to be called in the running loop, after the window is shown."""
        self._start_task(self.workspace_page.place.furnish(), "furnish")
        self.entrance.open()

    # ------------------------------------------------------------------ connections

    def _connect(self) -> None:
        page, entrance = self.workspace_page, self.entrance
        entrance.opened.connect(self._on_opened)
        entrance.needed.connect(lambda: self._pages.setCurrentWidget(self._later.page))
        entrance.waiting.connect(self._show_waiting)
        entrance.quit_requested.connect(self._window.close)
        change = self._change_of_history
        transfers = Transfers(self._window, self._scope, page.toast.say)
        self.locking.wanted.connect(change.lock)
        self.locking.changed.connect(self._update_actions)
        page.steps_changed.connect(self._update_actions)
        page.thread_changed.connect(self._update_actions)
        page.running_changed.connect(self._update_actions)
        page.turn_ended.connect(self._on_turn_ended)
        page.failed.connect(self.show_failure)
        self._banner.dismissed.connect(self._on_notice_dismissed)
        page.link_activated.connect(self._follow)
        page.frame.narrow_changed.connect(self._make_room)
        handlers: dict[ActionId, Callable[[], object]] = {
            ActionId.NEW_THREAD: page.new_thread,
            ActionId.NEW_TEMPORARY: page.new_temporary_thread,
            ActionId.EXPORT: lambda: transfers.export(self._workspace, page.open_thread),
            ActionId.EXPORT_ALL: lambda: transfers.export_all(self._workspace),
            ActionId.IMPORT: lambda: transfers.import_conversations(self._workspace),
            ActionId.RECOVERY_KEY: self._show_recovery_key,
            ActionId.LOCK: partial(change.lock_on_demand, self._show_security),
            ActionId.OPEN_HISTORY: lambda: questions.ask_which_history(
                self._window, change.open_other
            ),
            ActionId.NEW_HISTORY: lambda: questions.ask_where_to_begin(
                self._window, change.begin_other
            ),
            ActionId.BACK_UP: self._backups.back_up_now,
            ActionId.BACKUPS: self._backups.show_backups,
            ActionId.CHECK: self._backups.check,
            ActionId.SETTINGS: self._show_settings_dialog,
            ActionId.QUIT: self._window.close,
            ActionId.UNDO_TYPING: lambda: self._edit("undo"),
            ActionId.REDO_TYPING: lambda: self._edit("redo"),
            ActionId.CUT: lambda: self._edit("cut"),
            ActionId.COPY: lambda: self._edit("copy"),
            ActionId.PASTE: lambda: self._edit("paste"),
            ActionId.SELECT_ALL: lambda: self._edit("selectAll"),
            ActionId.FIND: page.place.find,
            ActionId.FIND_NEXT: partial(page.place.find_on, 1),
            ActionId.FIND_PREVIOUS: partial(page.place.find_on, -1),
            ActionId.SEARCH: self._search,
            ActionId.UNDO_STEP: page.undo,
            ActionId.REDO_STEP: page.redo,
            ActionId.STOP: page.stop,
            ActionId.RETRY: page.retry,
            ActionId.EDIT_LAST: page.edit_last,
            ActionId.COMPACT: page.compact,
            ActionId.EMPTY_TRASH: page.threads.empty_trash,
            ActionId.RENAME: page.rename,
            ActionId.CLEAR: page.clear,
            **{action_id: partial(page.do, action_id) for action_id in WHOLE_THREAD},
            ActionId.THEME_SYSTEM: lambda: self._set_theme(Theme.SYSTEM),
            ActionId.THEME_LIGHT: lambda: self._set_theme(Theme.LIGHT),
            ActionId.THEME_DARK: lambda: self._set_theme(Theme.DARK),
            ActionId.TEXT_LARGER: lambda: self._scale_text(TEXT_STEP),
            ActionId.TEXT_SMALLER: lambda: self._scale_text(-TEXT_STEP),
            ActionId.TEXT_NORMAL: lambda: self._set_text_size(Settings().text_size),
            **{one.id: partial(self._help, one.id) for one in COMMANDS if one.menu is Menu.HELP},
        }
        for action_id, handler in handlers.items():
            self.actions_by_id[action_id].triggered.connect(lambda _checked, call=handler: call())
        self.actions_by_id[ActionId.SIDEBAR].toggled.connect(page.sidebar.setVisible)
        page.list_left.connect(connect_lists(self.actions_by_id, page.show_list))
        page.retention.deleted_first.connect(self._tell_of_retention)

    def _start_task(
        self, work: Coroutine[Any, Any, None], name: str, *, replace: str | None = None
    ) -> None:
        self._scope.start(work, name=name, replace=replace)

    # ------------------------------------------------------------------ the history

    def _on_opened(self, workspace: Workspace) -> None:
        # From this moment it is ours to close, even if the window is on its way out.
        self._workspace = workspace
        self._start_task(self._attach(workspace), "attach")

    async def _attach(self, workspace: Workspace) -> None:
        self._banner.clear()
        self._remember_history(workspace.history)
        self.locking.look(workspace)
        self.show_workspace_page()
        try:
            await self.workspace_page.attach(workspace)
        except HistoryDamaged as error:
            self._change_of_history.turn_back(error)
            return
        self._turns = sum(t.tip is not None for t in await workspace.store.threads())
        self._update_actions()
        self._start_task(self._settle(workspace), "settle")
        self._backups.attach(workspace)
        self._attached = True
        self._later.look()
        if workspace.keyring_entry_lost:
            self._start_task(workspace.restore_keyring_entry(), "restore keyring entry")
        if await workspace.wants_provider_notice():
            self._offer_provider()
        if (notice := self._change_of_history.take_notice()) is not None:
            self._banner.show_failure(notice, {}, tone=Tone.INFO)

    async def _settle(self, workspace: Workspace) -> None:
        """Get ready for the first request once the user has had time to begin."""
        await asyncio.sleep(IDLE)
        await workspace.assistants.preload()
        # What was imported and made for the start stays; the collector need not look at it again.
        gc.freeze()

    def _remember_history(self, history: Path) -> None:
        chosen = "" if history == self._usual_history else str(history)
        if chosen != self._settings.history:
            self._change(replace(self._settings, history=chosen))

    def _show_waiting(self, waiting: bool) -> None:
        if waiting:
            self._banner.show_failure(
                Failure(
                    "Waiting for the system keyring…",
                    "It may be asking for a password in another window. "
                    "You can begin to write: it is sent once your history is open.",
                ),
                {"Open it another way…": self.entrance.show_other_ways},
                tone=Tone.INFO,
            )
        else:
            self._banner.clear()

    def _on_turn_ended(self) -> None:
        self._turns += 1
        if self._turns >= TURNS_BEFORE_RECOVERY and not self._offered:
            self._offered = True
            self._start_task(self._offer_recovery_key(), "offer recovery key")

    async def _offer_recovery_key(self) -> None:
        if self._workspace is None or await self._workspace.pending_recovery_key() is None:
            return
        self._banner.show_failure(
            Failure(
                "Keep your recovery key somewhere safe",
                "It opens your history if this computer's keyring is ever lost or changed.",
            ),
            {"Show the recovery key": self._show_recovery_key},
            tone=Tone.INFO,
        )

    def _offer_provider(self) -> None:
        self._banner.show_failure(
            Failure(
                DEMO_NOTICE,
                "It needs no network and is no AI. Connect a provider to talk with a real one.",
            ),
            {"Connect a provider…": self._show_settings_dialog},
            tone=Tone.INFO,
        )

    def _tell_of_retention(self, count: int) -> None:
        threads = "A thread was" if count == 1 else f"{count} threads were"
        self._banner.show_failure(
            Failure(
                f"{threads} deleted for good",
                "Their time had come: threads that expire go, and what is in the trash goes "
                "after a while. From now on this happens without a word.",
            ),
            {"Settings…": self._show_settings_dialog},
            tone=Tone.INFO,
        )

    def _on_notice_dismissed(self) -> None:
        if self._workspace is not None and self._banner.accessibleName() == DEMO_NOTICE:
            self._start_task(self._workspace.dismiss_provider_notice(), "dismiss notice")

    # ------------------------------------------------------------------ leaving

    def ask_to_leave(self) -> None:
        """Leave, because the user wants it; what would be lost by that is asked about."""
        if self._leaving:
            return
        self._change_of_history.ask_first(
            "Quit and discard",
            lambda: self._start_task(self._offer_before_leaving(), "leave", replace="leave"),
        )

    def leave(self, *, asking: bool = False) -> None:
        """Save and close everything; `closed` follows.

        Args:
            asking: Whether there is somebody to decide what happens if something cannot be saved.
        """
        if self._change_of_history.going_on:
            self._change_of_history.quit_next()  # what is being closed is closed first
        elif not self._leaving:
            self._leaving = True
            self._start_task(self._shut_down(asking=asking), "shut down")

    async def _offer_before_leaving(self) -> None:
        offered = None
        if self._workspace is not None:
            with suppress(ChatelaineError, TimeoutError):  # what is broken must not keep us here
                async with asyncio.timeout(CLOSING):
                    offered = await self._workspace.recovery_key_to_offer()
        if offered is None or self._workspace is None:
            self.leave(asking=True)
        else:
            showing = self._recovery_key(self._workspace)
            await showing.tell(offered, lambda: self.leave(asking=True))

    async def _shut_down(self, *, asking: bool) -> None:
        """Leave step by step; a step that fails or takes too long does not keep the others."""
        self._window.hide()  # from here on nothing is typed
        problem = await self._door.save()
        if problem is not None and asking:
            self._leaving = False
            self._window.show()
            self._later.look()
            questions.ask_to_leave_anyway(self._window, problem, "Quit anyway", self.leave)
            return
        await self._door.close(self._workspace, for_good=True)
        self._workspace = None
        now = with_geometry(self._settings, self._window, self.workspace_page.frame.splitter)
        # Only where the window was would be lost.
        await step_out(asyncio.to_thread(self._save, now))
        self.closed.emit()

    @property
    def open_workspace(self) -> Workspace | None:
        """What is open; None once it is on its way out."""
        return None if self._leaving else self._workspace

    @property
    def ends(self) -> bool:
        """Whether everything is being closed, for good."""
        return self._leaving or self._change_of_history.ends

    def forget_workspace(self) -> None:
        """Have nothing open any more, and say so."""
        self._workspace = None
        self._attached = False
        self._banner.clear()
        self.locking.left()
        self._update_actions()

    def show_workspace_page(self) -> None:
        """Show the threads, instead of what asks for a key."""
        self._pages.setCurrentWidget(self.workspace_page.frame)
        self._later.look()

    # ------------------------------------------------------------------ what the menus say

    def _update_actions(self) -> None:
        page, actions = self.workspace_page, self.actions_by_id
        is_open = self._workspace is not None and page.open_thread is not None
        steps = page.steps
        actions[ActionId.UNDO_STEP].setText(undo_text(steps.undo))
        actions[ActionId.UNDO_STEP].setEnabled(is_open and (page.running or steps.undo is not None))
        actions[ActionId.REDO_STEP].setText(redo_text(steps.redo))
        actions[ActionId.REDO_STEP].setEnabled(is_open and steps.redo is not None)
        actions[ActionId.STOP].setEnabled(page.running)
        for action_id in _FINDING:
            actions[action_id].setEnabled(is_open)
        for action_id in _WITH_A_HISTORY:
            actions[action_id].setEnabled(self._workspace is not None)
        show_state(actions, page.open_thread if is_open else None, busy=page.running)

    def _make_room(self, narrow: bool) -> None:
        """Hide the sidebar where the window is too narrow for both, and bring it again."""
        sidebar = self.actions_by_id[ActionId.SIDEBAR]
        if narrow:
            self._sidebar_wanted = sidebar.isChecked()
            sidebar.setChecked(False)
        elif self._sidebar_wanted:
            sidebar.setChecked(True)

    def _search(self) -> None:
        self.actions_by_id[ActionId.SIDEBAR].setChecked(True)
        self.workspace_page.searching.begin()

    def _edit(self, command: str) -> None:
        """Pass a command of the Edit menu on to the field that has the focus."""
        edit = getattr(QApplication.focusWidget(), command, None)
        if callable(edit):
            edit()

    # ------------------------------------------------------------------ settings

    def _change(self, settings: Settings) -> None:
        self._settings = settings
        self._show_settings()
        self.locking.set_rules(settings)
        self.settings_changed.emit(settings)
        self._start_task(self._save_settings(), "save settings")

    async def _save_settings(self) -> None:
        # One after the other: two at once could leave the older ones on the disk.
        async with self._saving:
            if self._saved != self._settings:
                self._saved = self._settings
                await asyncio.to_thread(self._save, self._saved)

    def _on_provider_saved(self) -> None:
        self._banner.clear()
        if self._workspace is not None:
            self._start_task(self._settle(self._workspace), "settle")

    def _set_appearance(self, looks: Looks) -> None:
        self._change(replace(self._settings, **looks._asdict()))

    def _set_locking(self, minutes: int, on_sleep: bool) -> None:
        self._change(replace(self._settings, auto_lock=minutes, lock_on_sleep=on_sleep))

    def _set_theme(self, theme: Theme) -> None:
        self._change(replace(self._settings, theme=theme))

    def _scale_text(self, percent: int) -> None:
        self._set_text_size(self._settings.text_size + percent)

    def _set_text_size(self, percent: int) -> None:
        self._change(replace(self._settings, text_size=percent))

    def _keep_trash(self, days: int) -> None:
        self._change(replace(self._settings, trash_days=days))

    def _show_settings(self) -> None:
        self.workspace_page.retention.keep_trash(self._settings.trash_days)
        action = {
            Theme.SYSTEM: ActionId.THEME_SYSTEM,
            Theme.LIGHT: ActionId.THEME_LIGHT,
            Theme.DARK: ActionId.THEME_DARK,
        }[self._settings.theme]
        self.actions_by_id[action].setChecked(True)

    def _show_security(self) -> None:
        if (dialog := self._show_settings_dialog()) is not None:
            dialog.show_security()

    def _show_settings_dialog(self) -> SettingsDialog | None:
        if self._workspace is None:
            return None
        from chatelaine.gui.settings.settings_dialog import SettingsDialog

        workspace = self._workspace
        dialog = SettingsDialog(
            workspace, self._scope, self._window, settings=self._settings, app_lock=workspace
        )
        dialog.app_lock_changed.connect(lambda: self.locking.look(workspace))
        dialog.locking_changed.connect(self._set_locking)
        dialog.saved.connect(self._on_provider_saved)
        dialog.appearance_changed.connect(self._set_appearance)
        dialog.trash_days_changed.connect(self._keep_trash)
        dialog.open()
        return dialog

    # ------------------------------------------------------------------ what is to be opened

    def open_wanted(self, wanted: Wanted) -> None:
        """Open what was asked for from outside, as soon as there is a history for it."""
        self._later.ask(wanted)

    def _may_open(self) -> bool:
        # What is being left is still there, and its dialogs have just been closed.
        return self._attached and not (self._leaving or self._change_of_history.going_on)

    def _open_wanted(self, wanted: Wanted) -> None:
        from chatelaine.gui.wanted import open_it

        open_it(self._window, wanted, self.workspace_page.threads, self._backups)

    def _follow(self, address: str, words: str) -> None:
        """Follow a link in a message: to a thread here, to anything else outside."""
        if address.startswith("chatelaine:"):
            from chatelaine.gui.opening import parse_link

            self.open_wanted(parse_link(address))
        else:
            questions.open_link(self._window, address, words)

    # ------------------------------------------------------------------ commands

    def _show_recovery_key(self) -> None:
        if self._workspace is not None:
            self._recovery_key(self._workspace).show()

    def _recovery_key(self, workspace: Workspace) -> RecoveryKey:
        from chatelaine.gui.recovery_key import RecoveryKey

        return RecoveryKey(self._window, workspace, self._scope, self._banner.clear)

    def _help(self, action_id: ActionId) -> None:
        from chatelaine.gui.help.help_actions import HelpActions

        helping = HelpActions(self._window, self._scope, self.open_workspace, tuple(self._errors))
        helping.do(action_id, self.actions_by_id)

    # ------------------------------------------------------------------ failures

    def show_failure(self, error: BaseException) -> None:
        """Tell the user of a failure; one that was not foreseen goes to the log as well."""
        failure = failures.describe(error)
        self._errors.append(failures.kind_of(error))
        if failure.details:
            # Its text may hold what somebody wrote; kind and place are enough to find it.
            log.error("unexpected %s\n%s", type(error).__name__, failure.details)
        if not self._leaving:
            failures.show(self._window, failure)
