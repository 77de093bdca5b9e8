"""A picture of a message, as large as it can be seen as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QElapsedTimer, QRect, QSize, QSizeF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QVBoxLayout, QWidget

from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from chatelaine.gui.chat.blocks.sources import PictureLoad

_OF_SCREEN: Final = 0.9
_LARGEST: Final = 2.0
"""How much larger than by itself a picture is shown at most: beyond that it is only blurred."""
_LEAST: Final = QSize(280, 200)
_LONGEST_TITLE: Final = 80


class PictureDialog(QDialog):
    """Shows a picture in a window that is as large as the picture, or as the screen allows.

    Escape closes it, and so does a click. It is deleted then.
    """

    def __init__(self, description: str, load: PictureLoad, parent: QWidget) -> None:
        """Make it; `open` shows it.

        Args:
            description: What the picture shows, in words; may be empty.
            load: The picture as it is known: how large it is by itself, and perhaps a small one,
                which is shown until there is another one.
            parent: The window.
        """
        super().__init__(parent)
        self._open_for = QElapsedTimer()
        self._is_pressed = False
        self.setObjectName("pictureDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = description or "Picture"
        is_long = len(name) > _LONGEST_TITLE
        self.setWindowTitle(f"{name[:_LONGEST_TITLE]}…" if is_long else name)
        room = self.screen().availableSize() * _OF_SCREEN
        by_itself = QSizeF(load.width, load.height)
        factor = min(room.width() / load.width, room.height() / load.height, _LARGEST)
        shown = (by_itself * factor).toSize().expandedTo(QSize(1, 1))
        self.picture = _Shown(shown)
        self.picture.setAccessibleName(name)
        self.picture.setAccessibleDescription("Escape or a click closes it.")
        self.picture.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if load.image is not None:
            self.show_image(load.image)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.picture)
        # In another size it would be another picture, to be read anew.
        self.setFixedSize(shown.expandedTo(_LEAST))

    @property
    def wanted_width(self) -> int:
        """How wide the picture is shown, in device pixels."""
        return round(self.picture.shown.width() * self.devicePixelRatioF())

    def show_image(self, image: QImage) -> None:
        """Show the picture itself: it was read for `wanted_width`."""
        self.picture.setPixmap(QPixmap.fromImage(image))

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._open_for.start()
        super().showEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The second click of two belongs to what was clicked, and not to what that has opened.
        is_new = self._open_for.elapsed() < QApplication.doubleClickInterval()
        self._is_pressed = event.button() == Qt.MouseButton.LeftButton and not is_new

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_pressed and event.button() == Qt.MouseButton.LeftButton:
            self.reject()


class _Shown(QLabel):
    """A picture in the middle; to a screen reader it is one."""

    def __init__(self, shown: QSize) -> None:
        super().__init__()
        self.shown = shown
        self.setMinimumSize(1, 1)  # not those of the picture, whatever its resolution

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        target = QRect(0, 0, self.shown.width(), self.shown.height())
        target.moveCenter(self.rect().center())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(target, self.pixmap())
        painter.end()
