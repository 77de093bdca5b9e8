"""A conversation that stays short for the model, however long it gets.

    OPENAI_API_KEY=... python long_conversation.py

Older messages are summed up by a small model. Nothing is deleted.
"""

from __future__ import annotations

import asyncio

from chatelaine.agents import Agent, Runner
from chatelaine.agents.sessions import CompactionSession, SQLiteSession

agent = Agent("Guide", instructions="You know every town. Be brief.")
TOWNS = ["Oslo", "Bergen", "Stavanger", "Trondheim", "Bodø", "Tromsø", "Alta", "Vardø"]


async def main() -> None:
    """Ask about one town after the other."""
    base = SQLiteSession("journey", "journey.db")
    async with CompactionSession(base, max_messages=6, summary_model="gpt-5.2-mini") as session:
        for town in TOWNS:
            await Runner.run(agent, f"What is there to see in {town}?", session=session)
        shown = await session.get_items()
        everything = await session.get_items(include_archived=True)
        print(f"The model sees {len(shown)} items of {len(everything)}.")


if __name__ == "__main__":
    asyncio.run(main())
