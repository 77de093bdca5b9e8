"""How a second start asks on Windows: through Qt. Elsewhere it needs none."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from chatelaine.gui import single_instance
from chatelaine.gui.single_instance import Answer, Doorbell

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_heard_by_a_window_in_the_same_process(tmp_path: Path, qtbot, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    name = single_instance._name(tmp_path)
    assert name is not None
    rung: list[bool] = []

    def come_forward(*_wanted: object) -> bool:
        rung.append(True)
        return True

    doorbell = Doorbell(tmp_path, come_forward)
    assert asyncio.run(doorbell.listen())
    answers: list[Answer] = []
    message = single_instance._ASK + b"\n"

    def ask() -> None:
        answers.append(single_instance._ask_through_qt(name, message))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        qtbot.waitUntil(lambda: bool(answers))
    finally:
        asking.join()
        doorbell.close()
    assert answers == [Answer.RAISED]
    assert rung == [True]
    assert single_instance._ask_through_qt(name, message) is Answer.NOBODY
