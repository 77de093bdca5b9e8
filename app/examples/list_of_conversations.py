"""All conversations of a file: named, listed, searched, continued as another one, deleted.

python list_of_conversations.py
"""

from __future__ import annotations

import asyncio

from chatelaine.agents import Agent, DemoModel, Runner
from chatelaine.agents.sessions import SQLiteSessionStore

agent = Agent("Assistant", model=DemoModel(delay=0))


async def main() -> None:
    """Make some conversations, and look at them."""
    store = SQLiteSessionStore("conversations.db")
    for session_id, title, text in [
        ("1", "Holidays", "I like hiking in Colorado."),
        ("2", "Work", "My project is called Chatelaine."),
    ]:
        async with store.session(session_id) as session:
            await Runner.run(agent, text, session=session)
            await session.set_title(title)
            await session.set_metadata({"user": "ann"})

    for info in await store.list_sessions():
        print(f"{info.title}: {info.items} items, {info.last_agent} answered last")

    (found,) = await store.list_sessions(query="hiking")
    print(f"Hiking was talked about in {found.title}.")

    async with store.session("1") as session, await session.fork("1, another way") as copy:
        await Runner.run(agent, "Or the sea?", session=copy)
        print(f"{len(await session.get_items())} and {len(await copy.get_items())} items")

    await store.rename("2", "work")
    await store.delete("1, another way")
    print(", ".join(info.session_id for info in await store.list_sessions()))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
