"""Every command of the program, once: its name, its keys, its icon, its place in the menus.

This is data. What a command does is connected where the parts meet, in the main window; menus, keys
and buttons share the one `QAction`, so that enabling or renaming it is seen everywhere at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from chatelaine.gui.menus import SUBMENUS, Menu
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.icons import icon

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtWidgets import QMenu, QMenuBar, QWidget


class ActionId(StrEnum):
    """What the code calls a command."""

    NEW_THREAD = "new-thread"
    NEW_TEMPORARY = "new-temporary-thread"
    EXPORT = "export"
    EXPORT_ALL = "export-all"
    IMPORT = "import"
    RECOVERY_KEY = "recovery-key"
    OPEN_HISTORY = "open-history"
    NEW_HISTORY = "new-history"
    LOCK = "lock"
    BACK_UP = "back-up"
    BACKUPS = "backups"
    CHECK = "check"
    SETTINGS = "settings"
    QUIT = "quit"

    UNDO_TYPING = "undo-typing"
    REDO_TYPING = "redo-typing"
    CUT = "cut"
    COPY = "copy"
    PASTE = "paste"
    SELECT_ALL = "select-all"
    UNDO_STEP = "undo-step"
    FIND = "find-in-thread"
    FIND_NEXT = "find-next"
    FIND_PREVIOUS = "find-previous"
    SEARCH = "search"
    REDO_STEP = "redo-step"

    STOP = "stop"
    RETRY = "retry"
    EDIT_LAST = "edit-last-message"
    RENAME = "rename"
    CLEAR = "clear"
    COMPACT = "compact"
    COPY_ID = "copy-session-id"
    COPY_LINK = "copy-link"
    FORK = "branch-off"
    PIN = "pin"
    EXPIRY = "expiry"
    ARCHIVE = "archive"
    TRASH = "trash"
    RESTORE = "restore"
    PURGE = "delete-for-good"
    EMPTY_TRASH = "empty-trash"

    SIDEBAR = "sidebar"
    SHOW_ARCHIVE = "show-archive"
    SHOW_TRASH = "show-trash"
    THEME_SYSTEM = "theme-system"
    THEME_LIGHT = "theme-light"
    THEME_DARK = "theme-dark"
    TEXT_LARGER = "text-larger"
    TEXT_SMALLER = "text-smaller"
    TEXT_NORMAL = "text-normal"

    SHORTCUTS = "shortcuts"
    LICENCES = "licences"
    DATA_FOLDER = "data-folder"
    DIAGNOSTICS = "diagnostics"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        id: What the code calls it.
        menu: The menu it is in.
        text: What the menu shows, with its mnemonic.
        tip: One sentence on what it does.
        shortcuts: Its keys in Qt's portable notation; the menu shows the first.
        icon: A name in `theme.icons`, or '' for none.
        keys_elsewhere: The part that has the focus listens to the keys; the menu only shows them.
        checkable: It is on or off.
        choice: Of all commands with the same value exactly one is on.
        separated: A line stands above it.
        role: Its place in the application menu of macOS.
    """

    id: ActionId
    menu: Menu
    text: str
    tip: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    keys_elsewhere: bool = False
    checkable: bool = False
    choice: str = ""
    separated: bool = False
    role: QAction.MenuRole = QAction.MenuRole.NoRole


COMMANDS: tuple[Command, ...] = (
    Command(
        ActionId.NEW_THREAD,
        Menu.FILE,
        "&New thread",
        "Start a new conversation.",
        ("Ctrl+N",),
        icon="new-thread",
    ),
    Command(
        ActionId.NEW_TEMPORARY,
        Menu.FILE,
        "New &temporary thread",
        "Start a conversation of which nothing is written to the disk.",
        ("Ctrl+Shift+N",),
        icon="temporary",
    ),
    Command(
        ActionId.EXPORT,
        Menu.FILE,
        "&Export as…",
        "Save this thread as a file that other programs can read.",
        ("Ctrl+Shift+E",),
        icon="export",
        separated=True,
    ),
    Command(
        ActionId.EXPORT_ALL,
        Menu.FILE,
        "Export &all…",
        "Save all conversations as one file that other programs can read.",
    ),
    Command(
        ActionId.IMPORT,
        Menu.FILE,
        "&Import conversations…",
        "Add conversations that were exported as Chatelaine JSON; what is here stays as it is.",
    ),
    Command(
        ActionId.RECOVERY_KEY,
        Menu.FILE,
        "Recovery &key…",
        "Show the key that opens your history when nothing else does.",
        icon="key",
        separated=True,
    ),
    Command(
        ActionId.LOCK,
        Menu.FILE,
        "&Lock now",
        "Close your history until you enter your passphrase again.",
        ("Ctrl+L",),
        icon="lock",
    ),
    Command(
        ActionId.OPEN_HISTORY,
        Menu.FILE,
        "&Open another history…",
        "Leave this history and open one that lies in another file.",
        ("Ctrl+O",),
        icon="folder",
        separated=True,
    ),
    Command(
        ActionId.NEW_HISTORY,
        Menu.FILE,
        "New &history…",
        "Leave this history and begin an empty one in a file of its own.",
    ),
    Command(
        ActionId.BACK_UP,
        Menu.FILE,
        "Back &up now…",
        "Write an encrypted copy of everything into a file.",
        icon="shield",
        separated=True,
    ),
    Command(
        ActionId.BACKUPS,
        Menu.FILE,
        "&Backups…",
        "See the backups that there are, and bring one back.",
        icon="history",
    ),
    Command(
        ActionId.CHECK,
        Menu.FILE,
        "&Check and repair…",
        "See whether every part of your history can be read, and save what can be.",
    ),
    Command(
        ActionId.SETTINGS,
        Menu.FILE,
        "&Settings…",
        "Choose where answers come from and how the window looks.",
        ("Ctrl+,",),
        icon="settings",
        role=QAction.MenuRole.PreferencesRole,
    ),
    Command(
        ActionId.QUIT,
        Menu.FILE,
        "&Quit",
        "Save everything and close Chatelaine.",
        ("Ctrl+Q",),
        icon="quit",
        separated=True,
        role=QAction.MenuRole.QuitRole,
    ),
    Command(
        ActionId.UNDO_TYPING,
        Menu.EDIT,
        "&Undo typing",
        "Take back the last change to the text you are writing.",
        ("Ctrl+Z",),
    ),
    Command(
        ActionId.REDO_TYPING,
        Menu.EDIT,
        "&Redo typing",
        "Bring back the change to the text that was just undone.",
        ("Ctrl+Shift+Z",),
    ),
    Command(
        ActionId.UNDO_STEP,
        Menu.EDIT,
        "Undo &last turn",
        "Take back your last message with everything that came of it.",
        ("Ctrl+Alt+Z",),
        icon="undo",
        separated=True,
    ),
    Command(
        ActionId.REDO_STEP,
        Menu.EDIT,
        "Red&o turn",
        "Bring back the turn that was just undone.",
        ("Ctrl+Alt+Y",),
        icon="redo",
    ),
    Command(ActionId.CUT, Menu.EDIT, "Cu&t", "Cut the selected text.", ("Ctrl+X",), separated=True),
    Command(ActionId.COPY, Menu.EDIT, "&Copy", "Copy the selected text.", ("Ctrl+C",), icon="copy"),
    Command(ActionId.PASTE, Menu.EDIT, "&Paste", "Insert what is on the clipboard.", ("Ctrl+V",)),
    Command(
        ActionId.SELECT_ALL,
        Menu.EDIT,
        "Select &all",
        "Select all the text.",
        ("Ctrl+A",),
        separated=True,
    ),
    Command(
        ActionId.FIND,
        Menu.EDIT,
        "&Find in thread…",
        "Look for words in this thread.",
        ("Ctrl+F",),
        icon="search",
        separated=True,
    ),
    Command(
        ActionId.FIND_NEXT,
        Menu.EDIT,
        "Find ne&xt",
        "Go to the next place where the words are that you look for.",
        ("F3", "Ctrl+G"),
    ),
    Command(
        ActionId.FIND_PREVIOUS,
        Menu.EDIT,
        "Find prev&ious",
        "Go to the place before, where the words are that you look for.",
        ("Shift+F3", "Ctrl+Shift+G"),
    ),
    Command(
        ActionId.SEARCH,
        Menu.EDIT,
        "Search all t&hreads",
        "Look for words in everything that was said.",
        ("Ctrl+Shift+F", "Ctrl+K"),
        icon="search",
    ),
    Command(
        ActionId.STOP,
        Menu.THREAD,
        "&Stop",
        "Stop the answer that is being written; what is there is kept.",
        ("Esc",),
        icon="stop",
    ),
    Command(
        ActionId.RETRY,
        Menu.THREAD,
        "&Retry",
        "Ask for the last answer again.",
        ("Ctrl+R",),
        icon="retry",
    ),
    Command(
        ActionId.EDIT_LAST,
        Menu.THREAD,
        "Edit &last message",
        "Write your last message anew; what there is stays as a branch.",
        ("Ctrl+E",),
        icon="rename",
    ),
    Command(
        ActionId.RENAME,
        Menu.THREAD,
        "Rena&me",
        "Give this thread another title.",
        ("F2",),
        icon="rename",
        separated=True,
    ),
    Command(
        ActionId.COPY_ID,
        Menu.THREAD,
        "Copy session &ID",
        "Copy what this thread is called in programs that use it.",
        icon="id",
    ),
    Command(
        ActionId.COPY_LINK,
        Menu.THREAD,
        "Copy lin&k to this thread",
        "Copy an address that opens this thread, for notes and other programs.",
        icon="link",
    ),
    Command(
        ActionId.CLEAR,
        Menu.THREAD,
        "&Clear",
        "Empty this thread; Edit > Undo clear brings everything back.",
        ("Ctrl+Shift+L",),
        icon="clear",
        separated=True,
    ),
    Command(
        ActionId.COMPACT,
        Menu.THREAD,
        "C&ompact",
        "Have the model sum up the older part, so that less of it is sent; all stays shown.",
        icon="compact",
    ),
    Command(
        ActionId.FORK,
        Menu.THREAD,
        "&Branch off",
        "Begin another thread with all that was said in this one.",
        icon="branch",
    ),
    Command(
        ActionId.PIN,
        Menu.THREAD,
        "&Pin to the top",
        "Keep this thread at the top of the list.",
        icon="pin",
        separated=True,
    ),
    Command(
        ActionId.EXPIRY,
        Menu.THREAD,
        "E&xpires…",
        "Choose how long after its last message this thread is kept.",
        icon="clock",
    ),
    Command(
        ActionId.ARCHIVE,
        Menu.THREAD,
        "&Archive",
        "Put this thread aside, where it can be found again.",
        icon="archive",
    ),
    Command(
        ActionId.TRASH,
        Menu.THREAD,
        "Move to &trash",
        "Put this thread into the trash, from which it can be restored.",
        ("Del",),
        icon="trash",
        keys_elsewhere=True,
    ),
    Command(
        ActionId.RESTORE,
        Menu.THREAD,
        "R&estore from trash",
        "Put this thread back among the others.",
        icon="restore",
    ),
    Command(
        ActionId.PURGE,
        Menu.THREAD,
        "&Delete for good…",
        "Remove this thread from the history; that cannot be undone.",
    ),
    Command(
        ActionId.EMPTY_TRASH,
        Menu.THREAD,
        "Empt&y trash…",
        "Remove all threads in the trash from the history; that cannot be undone.",
    ),
    Command(
        ActionId.SIDEBAR,
        Menu.VIEW,
        "Side&bar",
        "Show or hide the list of threads.",
        ("Ctrl+B",),
        checkable=True,
    ),
    Command(
        ActionId.SHOW_ARCHIVE,
        Menu.VIEW,
        "Show arc&hive",
        "List the threads that were put aside.",
        checkable=True,
    ),
    Command(
        ActionId.SHOW_TRASH,
        Menu.VIEW,
        "Show t&rash",
        "List the threads that were moved to the trash.",
        checkable=True,
    ),
    Command(
        ActionId.THEME_SYSTEM,
        Menu.THEME,
        "&System",
        "Light or dark, as the system is set.",
        checkable=True,
        choice="theme",
    ),
    Command(
        ActionId.THEME_LIGHT,
        Menu.THEME,
        "&Light",
        "Dark text on a light ground.",
        checkable=True,
        choice="theme",
    ),
    Command(
        ActionId.THEME_DARK,
        Menu.THEME,
        "&Dark",
        "Light text on a dark ground.",
        checkable=True,
        choice="theme",
    ),
    Command(
        ActionId.TEXT_LARGER,
        Menu.VIEW,
        "&Larger text",
        "Make all text larger.",
        ("Ctrl++", "Ctrl+="),
        separated=True,
    ),
    Command(
        ActionId.TEXT_SMALLER, Menu.VIEW, "S&maller text", "Make all text smaller.", ("Ctrl+-",)
    ),
    Command(
        ActionId.TEXT_NORMAL,
        Menu.VIEW,
        "&Normal text size",
        "Put the text back to its normal size.",
        ("Ctrl+0",),
    ),
    Command(
        ActionId.SHORTCUTS,
        Menu.HELP,
        "&Keyboard shortcuts",
        "List all keys.",
        ("F1",),
        icon="keyboard",
    ),
    Command(
        ActionId.DATA_FOLDER,
        Menu.HELP,
        "Show data &folder",
        "Show the folder of the open history.",
        icon="folder",
        separated=True,
    ),
    Command(
        ActionId.DIAGNOSTICS,
        Menu.HELP,
        "Copy &diagnostics",
        "Copy what helps to find a fault, without any of your words.",
        icon="copy",
    ),
    Command(
        ActionId.LICENCES,
        Menu.HELP,
        "&Licences",
        "Show the licences of everything that Chatelaine is made of.",
        separated=True,
    ),
    Command(
        ActionId.ABOUT,
        Menu.HELP,
        "&About Chatelaine",
        "Version and licence.",
        icon="info",
        role=QAction.MenuRole.AboutRole,
    ),
)


def build_actions(parent: QWidget) -> dict[ActionId, QAction]:
    """Make all actions and add them to `parent`, so that their keys work in its window."""
    actions: dict[ActionId, QAction] = {}
    choices: dict[str, QActionGroup] = {}
    for command in COMMANDS:
        action = QAction(command.text, parent)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        action.setStatusTip(command.tip)
        action.setToolTip(command.tip)
        action.setCheckable(command.checkable)
        action.setMenuRole(command.role)
        if command.choice:
            if command.choice not in choices:
                choices[command.choice] = QActionGroup(parent)
            choices[command.choice].addAction(action)
        if command.keys_elsewhere:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        else:
            parent.addAction(action)
        actions[command.id] = action
    return actions


def fill_menu_bar(bar: QMenuBar, actions: Mapping[ActionId, QAction]) -> dict[Menu, QMenu]:
    """Put the actions into menus, in the order of the data."""
    menus: dict[Menu, QMenu] = {}
    for command in COMMANDS:
        if command.menu not in menus:
            owner = SUBMENUS.get(command.menu)
            holder = menus[owner] if owner is not None else bar
            made = holder.addMenu(command.menu)
            made.aboutToShow.connect(partial(_paint_symbols, actions, command.menu))
            menus[command.menu] = made
        menu = menus[command.menu]
        if command.separated:
            menu.addSeparator()
        menu.addAction(actions[command.id])
    return menus


def _paint_symbols(actions: Mapping[ActionId, QAction], menu: Menu) -> None:
    """Give the lines of a menu their symbols, in the present colours.

    It is done when the menu opens: at the start of the program nobody sees them.
    """
    muted = palettes.current().text_muted
    for command in COMMANDS:
        if command.menu is menu and command.icon:
            actions[command.id].setIcon(icon(command.icon, muted))
