"""What a window at rest, with an empty thread and before the first message, has imported.

Memory is what modules are: what is named here was found to take it. A module that is to be there is
added to the count; one that need not be is imported by its first use, in a worker thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITH_THE_FIRST_MESSAGE = (
    "chatelaine.agents.agent",
    "chatelaine.agents.models.demo",
    "chatelaine.agents.run_loop",
    "chatelaine.agents.runner",
    "chatelaine.agents.schema",
    "chatelaine.agents.sessions",
    "chatelaine.agents.tools",
    "chatelaine.chat.building",
    "chatelaine.chat.compaction",
    "chatelaine.chat.running_turn",
    "docstring_parser",
    "httpx2",
    "markdown_it",
    "mdurl",
    "openai",
    "orjson",
    "pydantic",
)
WITH_THE_FIRST_USE = (
    "_ssl",
    "chatelaine.gui.chat.accessibility",
    "chatelaine.gui.chat.accessible_rows",
    "chatelaine.gui.chat.find",
    "chatelaine.gui.chat.find_bar",
    "chatelaine.gui.chat.finding",
    "chatelaine.gui.chat.formula_setting",
    "chatelaine.gui.chat.picture_decoding",
    "chatelaine.gui.help",
    "chatelaine.gui.providers",
    "chatelaine.gui.settings",
    "chatelaine.history_rescue",
    "chatelaine.store.repair",
    "html.entities",
    "keyring",
    "pygments",
    "xml",
    "ziamath",
)
NEVER_ON_LINUX = ("PySide6.QtNetwork", "email", "http", "importlib_metadata", "jaraco")
MOST_MODULES = 250
"""Of our own."""

pytestmark = pytest.mark.timeout(120)


@pytest.mark.skipif(sys.platform != "linux", reason="what the keyring needs differs elsewhere")
def test_a_window_at_rest_has_imported_what_it_shows_and_no_more(user: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "support.first_key", "settled"],
        env={**user, "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "tests")])},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    told = json.loads(done.stdout)
    assert told["collects"]
    names: list[str] = told["all"]
    assert {"chatelaine.workspace", "chatelaine.gui.chat.timeline_view", "sqlcipher3"} <= {*names}
    late = (*WITH_THE_FIRST_MESSAGE, *WITH_THE_FIRST_USE, *NEVER_ON_LINUX)
    assert [
        one for one in names if one in late or one.startswith(tuple(f"{n}." for n in late))
    ] == []
    own = [name for name in names if name.partition(".")[0] == "chatelaine"]
    assert len(own) <= MOST_MODULES, own
