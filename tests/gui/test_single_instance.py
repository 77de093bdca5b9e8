"""How a second start asks on Windows: through Qt. Elsewhere it needs none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from chatelaine.gui import local_server, single_instance
from chatelaine.gui.single_instance import Answer
from support.until import until

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.gui.local_server import LocalServer

LONGEST = 1000


@pytest.mark.parametrize("kind", [local_server._PipeServer, local_server._SocketServer])
async def test_it_is_heard_by_a_window_in_the_same_process(kind: type, tmp_path: Path):
    name = str(tmp_path / "socket")
    heard: list[bytes] = []

    def answer(line: bytes) -> bytes:
        heard.append(line.strip())
        return single_instance._DONE

    server: LocalServer = kind(answer, LONGEST)
    assert await server.listen(name)
    answers: list[Answer] = []
    message = single_instance._ASK + b"\n"

    def ask() -> None:
        answers.append(single_instance._ask_through_qt(name, message))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        await until(lambda: bool(answers))
    finally:
        asking.join()
        await server.aclose()
    assert answers == [Answer.RAISED]
    assert heard == [single_instance._ASK]
    assert single_instance._ask_through_qt(name, message) is Answer.NOBODY
