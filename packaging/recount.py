"""Tells as JSON what the history of this user holds, for what tries out installers.

    python recount.py HISTORY

It opens the history as the program does, with the key from the keyring, and leaves it as it is.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from chatelaine.agents.items import text_of
from chatelaine.history_access import HistoryAccess


async def recount(history: Path) -> list[dict[str, Any]]:
    """Give for each thread its title, and for each of its turns how it stands and what was said."""
    access = HistoryAccess(history)
    async with await access.open(may_create=False) as workspace:
        return [
            {
                "title": thread.title,
                "turns": [
                    {"state": turn.state.value, "texts": [text_of(one.data) for one in turn.items]}
                    for turn in await workspace.store.turns(thread.id)
                ],
            }
            for thread in await workspace.store.threads()
        ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(recount(Path(sys.argv[1])))))
