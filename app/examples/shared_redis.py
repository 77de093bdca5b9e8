"""One conversation on several machines, by Redis.

    REDIS_URL=redis://localhost:6379 python shared_redis.py "My name is Ann."
    REDIS_URL=redis://localhost:6379 python shared_redis.py "What is my name?"

Each call may run on another machine. An hour after the last one the conversation is gone.
"""

from __future__ import annotations

import asyncio
import os
import sys

from chatelaine.agents import Agent, DemoModel, Runner, SessionUnavailable
from chatelaine.agents.sessions import RedisSession

agent = Agent("Assistant", model=DemoModel(delay=0))


async def main(text: str) -> None:
    """Ask one question."""
    async with RedisSession("user_789", redis_url=os.environ["REDIS_URL"], ttl=3600) as session:
        try:
            result = await Runner.run(agent, text, session=session)
        except SessionUnavailable as error:
            sys.exit(f"{error.title}: {error.message}")
        print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:])))
