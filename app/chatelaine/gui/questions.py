"""What the window asks and tells in boxes of its own: all of them open and return at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.widgets.file_dialog import FileDialog
from chatelaine.gui.widgets.message_box import MessageBox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from chatelaine.errors import ChatelaineError

_SYMBOL = 40
_HISTORIES = ["Histories (*.db)", "All files (*)"]


def tell(parent: QWidget, title: str, text: str) -> None:
    """Say something that needs no answer."""
    MessageBox(parent, title, text).open()


def ask(
    parent: QWidget,
    title: str,
    text: str,
    *,
    yes: str,
    do: Callable[[], object],
    no: str = "Cancel",
    grave: bool = False,
    by_enter: bool = True,
) -> None:
    """Ask before something is done.

    Args:
        parent: The window.
        title: What is asked.
        text: What it means.
        yes: The words on the button that does it.
        do: What it does.
        no: The words on the button that does not.
        grave: Whether something is lost by it: then Enter does not do it.
        by_enter: Whether Enter does it where nothing is lost.
    """
    box = MessageBox(parent, title, text)
    role = QMessageBox.ButtonRole
    doing = box.addButton(yes, role.DestructiveRole if grave else role.AcceptRole)
    leaving = box.addButton(no, role.RejectRole)
    box.setEscapeButton(leaving)
    if grave:
        warning = palettes.current().warning
        box.setIconPixmap(icons.pixmap("warning", warning, _SYMBOL, parent.devicePixelRatioF()))
    if grave or not by_enter:
        box.setDefaultButton(leaving)
    box.buttonClicked.connect(lambda pressed: do() if pressed is doing else None)
    box.open()


def open_link(parent: QWidget, address: str, words: str) -> None:
    """Open a link outside; where it says something else, after showing where it leads."""
    url = QUrl(address)
    if url.scheme() not in {"http", "https", "mailto"}:
        return
    if words.strip() in {address, address.removeprefix("mailto:")}:
        _open_outside(parent, url)
        return
    ask(
        parent,
        "Open this link outside of Chatelaine?",
        url.toString(QUrl.ComponentFormattingOption.FullyEncoded),
        yes="Open",
        do=lambda: _open_outside(parent, url),
    )


def _open_outside(parent: QWidget, url: QUrl) -> None:
    """Open an address with the program that the desktop has for it; say so if it has none."""
    if not QDesktopServices.openUrl(url):
        tell(
            parent,
            "The link could not be opened",
            "This computer has no program for it. Copy its address from the menu of the link: "
            + url.toString(QUrl.ComponentFormattingOption.FullyEncoded),
        )


def show_folder(parent: QWidget, folder: Path) -> None:
    """Show a folder in the file manager; say where it is if there is none."""
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        tell(
            parent,
            "The folder could not be shown",
            f"This computer has no program for it, or it is not there. It is {folder}",
        )


def ask_to_leave_anyway(
    parent: QWidget, problem: ChatelaineError, yes: str, leave: Callable[[], object]
) -> None:
    """Ask whether to leave a history although not everything could be saved."""
    ask(
        parent,
        "Not everything you wrote could be saved",
        f"{problem.title}. {problem.message}",
        yes=yes,
        do=leave,
        no="Stay",
        grave=True,
    )


def ask_to_discard(parent: QWidget, count: int, yes: str, do: Callable[[], object]) -> None:
    """Ask before temporary threads are lost.

    Args:
        parent: The window.
        count: How many there are with something in them.
        yes: The words on the button that goes on.
        do: Goes on.
    """
    one = count == 1
    ask(
        parent,
        "A temporary thread will be discarded"
        if one
        else f"{count} temporary threads will be discarded",
        f"Nothing of {'it' if one else 'them'} was ever written to the disk, so "
        f"{'it' if one else 'they'} cannot be brought back. To keep something of "
        f"{'it' if one else 'them'}, cancel, and export or copy it first.",
        yes=yes,
        do=do,
        grave=True,
    )


def ask_where_to_export(
    parent: QWidget, title: str, formats: Mapping[str, str], write: Callable[[Path, str], object]
) -> None:
    """Ask where conversations are to be exported to; what is written is not encrypted.

    Args:
        parent: The window.
        title: What they are called, for the name of the file.
        formats: Names of formats, each with how its files end; the first is the usual one.
        write: Called with the path, and the ending of the format that was chosen.
    """
    filters = {f"{name} (*{suffix})": suffix for name, suffix in formats.items()}
    dialog = FileDialog(
        parent,
        "Export to a file that is not encrypted",
        name="exportDialog",
        filters=list(filters),
        take=lambda path: write(path, filters[dialog.selectedNameFilter()]),
        suggestion=_file_name(title),
    )
    dialog.setDefaultSuffix(next(iter(filters.values())))
    dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix(filters[name]))
    dialog.open()


def ask_where_to_save_picture(
    parent: QWidget, title: str, suffix: str, save: Callable[[Path], object]
) -> None:
    """Ask where a picture is to be saved; what is written is not encrypted.

    Args:
        parent: The window.
        title: What it is called, for the name of the file.
        suffix: How files of its kind end.
        save: Called with the path.
    """
    dialog = FileDialog(
        parent,
        "Save picture as",
        name="savePictureDialog",
        filters=[f"Pictures (*{suffix})", "All files (*)"],
        take=save,
        suggestion=f"{_file_name(title)}{suffix}",
    )
    dialog.setDefaultSuffix(suffix)
    dialog.open()


def ask_what_to_import(
    parent: QWidget, formats: Mapping[str, str], take: Callable[[Path], object]
) -> None:
    """Ask which file is to be imported.

    Args:
        parent: The window.
        formats: Names of formats, each with how its files end.
        take: Called with the path.
    """
    filters = [f"{name} (*{suffix})" for name, suffix in formats.items()]
    FileDialog(
        parent,
        "Import conversations",
        name="importDialog",
        filters=[*filters, "All files (*)"],
        take=take,
    ).open()


def ask_which_history(parent: QWidget, open_it: Callable[[Path], object]) -> None:
    """Ask for the file of another history, which is then opened."""
    FileDialog(
        parent,
        "Open another history",
        name="historyDialog",
        filters=_HISTORIES,
        take=open_it,
    ).open()


def ask_where_to_begin(parent: QWidget, begin: Callable[[Path], object]) -> None:
    """Ask where a new history is to be, which is then made."""
    dialog = FileDialog(
        parent,
        "Begin a new history",
        name="historyDialog",
        filters=_HISTORIES,
        take=begin,
        suggestion="my history.db",
    )
    # Nothing is ever written over; whoever chooses a file that exists is told so.
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.setDefaultSuffix("db")
    dialog.open()


def _file_name(title: str) -> str:
    """A file name that every system takes, made from a title."""
    plain = "".join(sign if sign.isalnum() or sign in " -_" else " " for sign in title)
    return " ".join(plain.split())[:60] or "thread"
