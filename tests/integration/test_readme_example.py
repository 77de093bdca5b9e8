"""The example of the README, as somebody would run it who has just read it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.openai_replies import call, text
from support.openai_server import hosted_server

ROOT = Path(__file__).resolve().parents[2]


def example() -> str:
    return (ROOT / "README.md").read_text("utf-8").split("```python\n")[1].split("```")[0]


def test_the_example_of_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    program = tmp_path / "example.py"
    program.write_text(example(), "utf-8")
    with hosted_server() as server:
        server.script(
            call("weather", {"city": "Oslo"}), text("No, it is sunny."), text("Nor in Bergen.")
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", program.name],
            cwd=tmp_path,
            env={
                **os.environ,
                "OPENAI_API_KEY": "sk-example",
                "OPENAI_BASE_URL": server.base_url,
                "PYTHONPATH": str(ROOT / "app"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout.splitlines() == ["No, it is sunny.", "Nor in Bergen."]
        remembered = str(server.last.body["input"])
        assert "umbrella" in remembered
        assert "sunny in Oslo" in remembered
    assert (tmp_path / "conversations.db").exists()
