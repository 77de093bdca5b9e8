from __future__ import annotations

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.models.demo import DemoModel
from chatelaine.agents.runner import Runner
from chatelaine.chat.tools import built_in_tools
from chatelaine.gui.chat.empty_thread import SUGGESTIONS

EXPECTED = ("## Scripts", "| Ganymede |", "```python", "A chatelaine was a clasp")


@pytest.mark.parametrize(
    ("words", "answer"), [(words, EXPECTED[n]) for n, (_, words) in enumerate(SUGGESTIONS)]
)
async def test_the_demo_model_has_an_answer_to_each_suggestion(words: str, answer: str):
    demo = Agent(name="Demo", model=DemoModel(delay=0), tools=built_in_tools())
    assert answer in (await Runner.run(demo, words)).final_output
