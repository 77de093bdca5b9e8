"""A dialog for files that begins where the last one ended, at first with the user's documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDir, QStandardPaths, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

_LAST: Final = "lastFolder"
"""The property of the application with the folder in which a file was chosen last."""


class FileDialog(QFileDialog):
    """Asks for one file; it is deleted when it closes."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        *,
        name: str,
        filters: list[str],
        take: Callable[[Path], object],
        suggestion: str | None = None,
    ) -> None:
        """Make it; `open` shows it.

        Args:
            parent: The window.
            title: What is asked.
            name: The object name.
            filters: Which files are shown; the first is the usual one.
            take: Called with the file that was chosen.
            suggestion: The name of a file that is to be written; without one, a file that exists
                is asked for.
        """
        super().__init__(parent, title)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setNameFilters(filters)
        self.setDirectory(_folder())
        if suggestion is None:
            self.setFileMode(QFileDialog.FileMode.ExistingFile)
        else:
            self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            self.selectFile(suggestion)
        self._take = take
        self.fileSelected.connect(self._choose)

    def _choose(self, chosen: str) -> None:
        path = Path(chosen)
        application = QApplication.instance()
        if application is not None:
            application.setProperty(_LAST, str(path.parent))
        self._take(path)


def _folder() -> str:
    application = QApplication.instance()
    last = None if application is None else application.property(_LAST)
    places = QStandardPaths.StandardLocation
    documents = QStandardPaths.writableLocation(places.DocumentsLocation)
    # Of a folder that is not there Qt would make the one in which the program runs.
    found = (one for one in (last, documents) if one and QDir(one).exists())
    return next(found, QDir.homePath())
