"""A diary that nobody can read in its file.

    DIARY_PASSPHRASE="sixteen characters or more" python encrypted_diary.py "Today I ..."

Without a text it shows what was written so far. Whoever forgets the passphrase cannot read the
diary any more; nobody can help them.
"""

from __future__ import annotations

import asyncio
import os
import sys

from chatelaine.agents import Agent, DecryptionError, DemoModel, Runner
from chatelaine.agents.sessions import EncryptedSession, SQLiteSession

agent = Agent("Listener", instructions="Listen, and answer briefly.", model=DemoModel(delay=0))


async def main(text: str) -> None:
    """Write something, or read everything."""
    base = SQLiteSession("diary", "diary.db")
    async with EncryptedSession(base, encryption_key=os.environ["DIARY_PASSPHRASE"]) as session:
        try:
            if text:
                result = await Runner.run(agent, text, session=session)
                print(result.final_output)
            else:
                for item in await session.get_items():
                    if item["role"] == "user":
                        print(f"- {item['content']}")
        except DecryptionError as error:
            sys.exit(f"{error.title}: {error.message}")


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:])))
