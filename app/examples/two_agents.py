"""Two agents in one conversation: one finds out what it is about, and hands over to the other.

OPENAI_API_KEY=... python two_agents.py
"""

from __future__ import annotations

import asyncio

from chatelaine.agents import Agent, RunConfig, Runner, function_tool
from chatelaine.agents.sessions import SQLiteSession


@function_tool
def invoice(number: int) -> str:
    """Look an invoice up."""
    return f"Invoice {number} was paid."


billing = Agent("Billing", instructions="Answer questions about invoices.", tools=[invoice])
triage = Agent("Triage", instructions="Find out who can help, and hand over.", handoffs=[billing])


async def main() -> None:
    """Ask twice: the second question goes to whoever answered the first."""
    async with SQLiteSession("ticket_456", "support.db") as session:
        result = await Runner.run(triage, "Is invoice 17 paid?", session=session)
        print(f"{result.last_agent.name}: {result.final_output}")
        again = RunConfig(start_with_last_agent=True)
        result = await Runner.run(triage, "And since when?", session=session, run_config=again)
        print(f"{result.last_agent.name}: {result.final_output}")


if __name__ == "__main__":
    asyncio.run(main())
