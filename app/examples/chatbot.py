"""A chatbot that remembers each of its users, also after it was restarted.

    python chatbot.py ann

Write a line, get an answer; an empty line, or the end of the input, ends it. `/undo` takes the last
question back, with its answer.
"""

from __future__ import annotations

import asyncio
import sys

from chatelaine.agents import Agent, DemoModel, Runner
from chatelaine.agents.sessions import SQLiteSession

# The demo model needs neither network nor key. For a real one leave `model` out, and set
# OPENAI_API_KEY in the environment.
agent = Agent("ChatBot", instructions="You are friendly, and brief.", model=DemoModel(delay=0))


async def main(user: str) -> None:
    """Talk with one user."""
    async with SQLiteSession(user, "chats.db") as session:
        for line in map(str.strip, sys.stdin):
            if not line:
                break
            if line == "/undo":
                removed = await session.pop_turn()
                print(f"(took back {len(removed)} items)")
                continue
            result = await Runner.run(agent, line, session=session)
            print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "somebody"))
