"""One conversation in a real window, by the keys that a person would press.

The history is one that opens with a passphrase, so that the user's keyring is never asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from chatelaine.selftest.encryption import PASSPHRASE, NoKeyring
from chatelaine.selftest.report import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtGui import QImage

    from chatelaine.gui.chat.blocks.layout import BlockLayout
    from chatelaine.gui.main_window import MainWindow
    from chatelaine.gui.opening import Wanted

QUESTION = "Show me everything"
"""What the demo model answers with all that a message can hold."""
_PATIENCE = 60.0
_STEP = 0.02
_FEWEST_COLOURS = 12
"""In a picture of the window; one that shows a thread has some hundred."""
_SIZE = (1000, 2600)
"""Pixels: as high as the answer, so that all of it is laid out."""


async def check_second_start(folder: Path) -> str:
    """See that a second start finds the first one, and that nothing is left of it.

    Args:
        folder: A private one.

    Raises:
        CheckFailed: It does not.
    """
    from chatelaine.gui.opening import ThreadLink
    from chatelaine.gui.single_instance import Answer, Doorbell, ask_to_raise

    rung: list[Wanted | None] = []
    link = ThreadLink("thread_of-the-self-test")

    def come_forward(wanted: Wanted | None) -> bool:
        rung.append(wanted)
        return True

    if await asyncio.to_thread(ask_to_raise, folder) is not Answer.NOBODY:
        raise CheckFailed("Somebody answers in a folder that was just made.")
    doorbell = Doorbell(folder, come_forward)
    try:
        if not await doorbell.listen():
            raise CheckFailed("The first start takes itself for the second one.")
        answer = await asyncio.to_thread(ask_to_raise, folder, link)
    finally:
        await doorbell.aclose()
    if answer is not Answer.RAISED or rung != [link]:
        raise CheckFailed(f"A second start is not heard: {answer.name}.")
    if await asyncio.to_thread(ask_to_raise, folder) is not Answer.NOBODY:
        raise CheckFailed("Somebody answers after the end.")
    return "a second start is heard, and after the end nobody answers"


async def check_conversation(folder: Path) -> str:
    """Open a history in the window, ask something, look at the answer, and take it back.

    Args:
        folder: An empty one, for the history.

    Raises:
        CheckFailed: Something did not happen, or is not to be seen.
    """
    from chatelaine.gui.main_window import MainWindow
    from chatelaine.history_access import HistoryAccess
    from chatelaine.settings.schema import Settings

    history = folder / "history.db"
    made = await HistoryAccess(history, NoKeyring).create_with_passphrase(PASSPHRASE)
    await made.aclose()
    window = MainWindow(Settings(), history, save=lambda _settings: None)
    window.furnish()
    closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    window.closed.connect(lambda: closed.set_result(None))
    failures: list[str] = []
    window.workspace_page.failed.connect(lambda error: failures.append(type(error).__name__))
    window.show()
    window.start()
    try:
        found = await _converse(window)
    finally:
        # What was not sent is to be saved like everything else.
        window.leave()
        async with asyncio.timeout(_PATIENCE):
            await closed
        window.deleteLater()
    if failures:
        raise CheckFailed(f"The window has told of {', '.join(failures)}.")
    return found


async def _converse(window: MainWindow) -> str:
    from chatelaine.gui.actions import ActionId
    from chatelaine.gui.chat.rows import ReplyRow

    page = window.workspace_page
    await _until(window.contents.entrance.page.isVisible, "the question for the passphrase")
    _press(window, PASSPHRASE)
    _press(window, "\r")
    await _until(
        lambda: page.frame.isVisible() and page.open_thread is not None, "the open history"
    )
    window.resize(*_SIZE)
    page.composer.setFocus()
    _press(window, QUESTION)
    if page.composer.text() != QUESTION:
        raise CheckFailed("What is typed does not arrive where one writes.")
    before = _picture(window)
    _press(window, "\r")
    await _until(lambda: page.running, "the beginning of an answer")
    await _until(lambda: not page.running and _is_drawn(window), "the end of the answer")
    replies = [row for row in page.timeline.rows if isinstance(row, ReplyRow)]
    if len(replies) != 1 or not replies[0].text:
        raise CheckFailed("There is not one answer.")
    kinds = _see_blocks(window)
    after = _picture(window)
    if len(_colours(after)) < _FEWEST_COLOURS or after == before:
        raise CheckFailed("The window is blank, or looks as it did before the answer.")
    window.contents.actions_by_id[ActionId.UNDO_STEP].trigger()
    await _until(lambda: not page.timeline.rows, "the turn being taken back")
    await _until(lambda: page.composer.text() == QUESTION, "the message coming back")
    return f"opened, typed, answered with {', '.join(kinds)}, painted, taken back"


def _is_drawn(window: MainWindow) -> bool:
    """Tell whether all of the answer is there, with its colours and formulas."""
    view = window.workspace_page.timeline
    return view.is_loaded and view.is_settled and bool(list(_blocks(window)))


def _blocks(window: MainWindow) -> Iterator[BlockLayout]:
    view = window.workspace_page.timeline
    for row in view.visible_rows():
        layout = view.laid_out.layout(row)
        for part in layout.parts:
            for index in range(len(part.document.blocks)):
                if (block := part.document.made_layout(index)) is not None:
                    yield block


def _see_blocks(window: MainWindow) -> list[str]:
    """Give the kinds of blocks that the answer has, laid out.

    Raises:
        CheckFailed: One that was to be there is not, or a formula stayed as it was written.
    """
    from chatelaine.gui.chat.blocks.code import CodeBlock
    from chatelaine.gui.chat.blocks.formula import FormulaBlock
    from chatelaine.gui.chat.blocks.table import TableBlock

    blocks = list(_blocks(window))
    kinds: dict[str, type[BlockLayout]] = {
        "code": CodeBlock,
        "a table": TableBlock,
        "a formula": FormulaBlock,
    }
    for name, kind in kinds.items():
        of_kind = [block for block in blocks if isinstance(block, kind)]
        if not of_kind:
            raise CheckFailed(f"The answer has not {name}, or it is not laid out.")
        if any(block.height <= 0 for block in of_kind):
            raise CheckFailed(f"Of the answer, {name} has no height.")
    # Only a formula that was set is one picture, which can be moved sideways.
    if any(one.sideways is None for one in blocks if isinstance(one, FormulaBlock)):
        raise CheckFailed("A formula is shown as it was written: it could not be set.")
    return list(kinds)


def _picture(window: MainWindow) -> QImage:
    return window.grab().toImage()


def _colours(image: QImage) -> set[int]:
    step = 3
    return {
        image.pixel(x, y)
        for y in range(0, image.height(), step)
        for x in range(0, image.width(), step)
    }


def _press(window: MainWindow, text: str) -> None:
    """Press and release the keys of a text in the window, where its focus is."""
    from PySide6.QtCore import QCoreApplication, QEvent, Qt
    from PySide6.QtGui import QKeyEvent

    for letter in text:
        key = Qt.Key.Key_Return.value if letter == "\r" else ord(letter.upper())
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, letter)
            QCoreApplication.sendEvent(window.windowHandle(), event)


async def _until(happened: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while not happened():  # noqa: ASYNC110 - what is waited for is seen, not told
                await asyncio.sleep(_STEP)
    except TimeoutError:
        raise CheckFailed(f"Waited {_PATIENCE:.0f} s in vain for {what}.") from None
