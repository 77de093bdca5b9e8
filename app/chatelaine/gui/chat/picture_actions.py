"""What can be done with a picture that is shown: it is shown larger, copied or saved."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from PySide6.QtGui import QGuiApplication

from chatelaine.errors import ChatelaineError, ExportFailed
from chatelaine.gui import questions
from chatelaine.gui.chat import picture_decoding
from chatelaine.gui.chat.picture_dialog import PictureDialog
from chatelaine.paths import replace_private_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.timeline_view import TimelineView
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.markup.blocks import Picture

_ANY_WIDTH: Final = 1 << 20
_NOT_THERE: Final = "The picture is no longer there"


class PictureActions:
    """Reads a picture of the open thread once more, and does something with it.

    Args:
        timeline: Shows the thread.
        scope: Starts what takes its time.
        page: What the dialogs belong to.
        say: Says something that needs no answer.
    """

    def __init__(
        self,
        timeline: TimelineView,
        scope: TaskScope,
        page: QWidget,
        say: Callable[[str], object],
    ) -> None:
        self._timeline = timeline
        self._scope = scope
        self._page = page
        self._say = say
        self._copies = 0
        self._dialog: PictureDialog | None = None
        timeline.copied.connect(self._count_copy)

    def do(self, what: str, picture: Picture) -> None:
        """Do what was chosen: "open", "copy" or "save"."""
        match what:
            case "open":
                self._open(picture)
            case "copy":
                self._copies += 1
                self._scope.start(self._copy(picture, self._copies), name="copy picture")
            case "save":
                self._scope.start(self._ask_where_to_save(picture), name="save picture")
            case _:
                raise ValueError(what)

    def _count_copy(self) -> None:
        self._copies += 1

    # ------------------------------------------------------------------ showing it larger

    def _open(self, picture: Picture) -> None:
        load = self._timeline.pictures.look(picture.source)
        if self._dialog is not None or load is None or not load.width:
            return  # it was let go of before it was chosen
        dialog = PictureDialog(picture.description, load, self._page.window())
        dialog.finished.connect(self._forget_dialog)
        self._dialog = dialog
        dialog.open()
        self._scope.start(self._show(dialog, picture), name="show picture", replace="show picture")

    def _forget_dialog(self) -> None:
        self._dialog = None

    async def _show(self, dialog: PictureDialog, picture: Picture) -> None:
        width = dialog.wanted_width
        try:
            image = await self._image(picture, width)
        except ChatelaineError:
            if self._dialog is dialog:
                dialog.reject()
            raise
        if self._dialog is dialog:
            dialog.show_image(image)

    # ------------------------------------------------------------------ copying and saving

    async def _copy(self, picture: Picture, number: int) -> None:
        image = await self._image(picture, _ANY_WIDTH)
        if number == self._copies:  # else something else was copied meanwhile
            QGuiApplication.clipboard().setImage(image)
            self._timeline.copied.emit()
            self._say("Copied")

    async def _ask_where_to_save(self, picture: Picture) -> None:
        content = await self._content(picture)

        def save(path: Path) -> None:
            self._scope.start(self._save(path, content), name="save picture")

        suffix = picture_decoding.suffix_of(content)
        name = _name_of(picture)
        questions.ask_where_to_save_picture(self._page.window(), name, suffix, save)

    async def _save(self, path: Path, content: bytes) -> None:
        try:
            await asyncio.to_thread(replace_private_file, path, content)
        except OSError as error:
            raise ExportFailed(
                f"“{path.name}” could not be written: {error.strerror or 'unknown reason'}. "
                "Choose another folder, or make room on the disk.",
                title="The picture could not be saved",
            ) from error
        self._say(f"“{path.name}” was written. It is not encrypted.")

    # ------------------------------------------------------------------ reading

    async def _image(self, picture: Picture, width: int) -> QImage:
        content = await self._content(picture)
        decode = partial(picture_decoding.decode, content, width)
        try:
            decoded = await asyncio.to_thread(decode)
        except (picture_decoding.DamagedError, picture_decoding.TooLargeError) as error:
            raise ChatelaineError(
                "What lies there now cannot be read as a picture.", title=_NOT_THERE
            ) from error
        return decoded.image

    async def _content(self, picture: Picture) -> bytes:
        if picture.source.startswith("data:"):
            return await asyncio.to_thread(picture_decoding.data_of, picture.source)
        coming = asyncio.get_running_loop().create_future()

        def take(content: bytes | None) -> None:
            if not coming.done():
                coming.set_result(content)

        self._timeline.pictures.fetch(picture.source, take)
        content: bytes | None = await coming
        if content is None:
            raise ChatelaineError(
                "It was shown before, but it cannot be read once more. Try again later.",
                title=_NOT_THERE,
            )
        return content


def _name_of(picture: Picture) -> str:
    """Give what a picture may be called as a file, without an ending."""
    if picture.source.startswith("data:"):
        return picture.description or "picture"
    try:
        path = urlsplit(picture.source.removeprefix("attachment:")).path
    except ValueError:
        path = ""
    return PurePosixPath(unquote(path)).stem or picture.description or "picture"
