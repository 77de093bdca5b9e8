"""What is typed, between the composer and a disk that is damaged."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from chatelaine.errors import HistoryDamaged
from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.widgets.strip import Strip
from chatelaine.gui.writing import Writing
from chatelaine.history_access import HistoryAccess
from support.keyrings import MemoryKeyring
from support.pages import PAGE, Pages
from support.until import until


@pytest.fixture
async def hurt(tmp_path):
    """The way to a history with one empty thread, in which something long is typed; damaged."""
    keyring, path = MemoryKeyring(), tmp_path / "data" / "history.db"

    def access():
        return HistoryAccess(path, lambda: keyring)

    async with await access().open(may_create=True) as workspace:
        thread = await workspace.fresh_thread()
        await workspace.store.write_composer(thread.id, "lighthouse " * 2_000)
        key = workspace.store._databases.file.key
    number = next(n for n, page in enumerate(Pages(path, key).of_file) if b"light" in page[4:40])
    content = bytearray(path.read_bytes())
    content[number * PAGE + 100] ^= 1
    path.write_bytes(content)
    return access, thread


async def test_a_thread_opens_although_what_was_typed_in_it_is_damaged(qtbot, dressed, hurt):
    assert dressed
    access, thread = hurt
    failures: list[BaseException] = []
    window = QWidget()
    qtbot.addWidget(window)
    scope = TaskScope(failures.append)
    composer = Composer(window)
    writing = Writing(composer, Strip("strip", window), scope, window)
    async with await access().open(may_create=False) as workspace:
        writing.attach(workspace.store)
        await writing.read(thread.id)
        writing.enter(thread.id)
        await until(lambda: failures)
        assert [type(failure) for failure in failures] == [HistoryDamaged]
        await writing.write_now()  # nothing was typed: what is on the disk stays
        with pytest.raises(HistoryDamaged):
            await workspace.store.composer(thread.id)
        composer.set_text("anew")
        writing.leave()
        await writing.write_now()
        assert await workspace.store.composer(thread.id) == "anew"
        await scope.close()


async def test_a_thread_whose_draft_is_damaged_is_not_taken_for_a_fresh_one(hurt):
    access, thread = hurt
    async with await access().open(may_create=False) as workspace:
        assert (await workspace.fresh_thread()).id != thread.id
