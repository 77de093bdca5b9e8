"""What is copied, in the forms in which others may want it: words, Markdown, a formatted text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData

if TYPE_CHECKING:
    from chatelaine.gui.chat.copying import Taken

MARKDOWN: Final = "text/markdown"
_MOST_FORMATTED: Final = 10_000
"""Characters up to which there are more than words: they are parsed in the window's thread."""


def data_of(taken: Taken) -> QMimeData:
    """Give what was taken, all of which is here."""
    data, words = QMimeData(), taken.text()
    data.setText(words)
    if not words or len(words) > _MOST_FORMATTED or taken.is_code:
        return data
    data.setHtml(taken.html())
    if markdown := taken.markdown():
        data.setData(MARKDOWN, markdown.encode(errors="replace"))
    return data
