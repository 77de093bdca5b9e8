"""Measures the sidebar with 10,000 threads, and prints milliseconds of CPU time as JSON.

Each measurement includes what is painted because of it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.store.records import Change, Thread

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 10_000
ROUNDS = 21
NOW = datetime.now(UTC)


def main() -> None:
    application = QApplication(sys.argv[:1])
    appearance = Appearance(application, Scheme.LIGHT)
    sidebar = ThreadList()
    sidebar.resize(260, 760)
    sidebar.show()
    application.processEvents()
    threads = [thread(number) for number in range(THREADS)]
    gc.collect()
    gc.freeze()  # the program does so, too
    costs: dict[str, list[float]] = {"show": [], "said": [], "made": []}

    def cost(act: Callable[[], None]) -> float:
        begun = time.thread_time()
        act()
        application.processEvents()
        return (time.thread_time() - begun) * 1000

    for number in range(ROUNDS):
        sidebar.set_threads([])
        application.processEvents()
        costs["show"].append(cost(lambda: sidebar.set_threads(threads)))
        moment = NOW + timedelta(seconds=number + 1)
        said = Change((replace(threads[THREADS // 2 - number], updated=moment, preview="Said"),))
        costs["said"].append(cost(lambda said=said: sidebar.apply(said)))  # type: ignore[misc]  # bound now
        made = Change((replace(thread(THREADS + number), created=moment, updated=moment),))
        costs["made"].append(cost(lambda made=made: sidebar.apply(made)))  # type: ignore[misc]  # bound now
    sys.stdout.write(json.dumps(costs) + "\n")
    sys.stdout.flush()
    del appearance
    os._exit(0)


def thread(number: int) -> Thread:
    moment = NOW - timedelta(minutes=THREADS - number)
    return Thread(
        number + 1, f"thread_{number}", f"About the matter {number}", "It is so", moment, moment
    )


if __name__ == "__main__":
    main()
