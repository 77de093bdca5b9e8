"""The Python of a document, run as somebody would who pastes it into a coroutine."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """One block of code.

    Attributes:
        heading: What it stands under.
        code: The text.
    """

    heading: str
    code: str

    def at(self, addresses: Mapping[str, str]) -> Snippet:
        """Give it with other addresses in it.

        Args:
            addresses: What stands in the document, and what is really there.
        """
        code = self.code
        for written, real in addresses.items():
            code = code.replace(written, real)
        return Snippet(self.heading, code)

    async def run(self, names: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Run it in a coroutine; give what it has named.

        Args:
            names: What stands in no block, but is used in it.
        """
        body = textwrap.indent(self.code, "    ")
        text = f"async def snippet():\n{body}\n    return locals()\n"
        namespace: dict[str, Any] = dict(names or {})
        exec(compile(text, f"<{self.heading}>", "exec"), namespace)  # noqa: S102 - it is ours
        found: dict[str, Any] = await namespace["snippet"]()
        return found


def snippets_in(document: Path) -> list[Snippet]:
    """Give the blocks of Python of a document, in order."""
    text = document.read_text("utf-8")
    # A comment in a block looks like a heading.
    headings = [
        (match.start(), match[1])
        for match in _HEADING.finditer(_BLOCK.sub(lambda match: " " * len(match[0]), text))
    ]
    found = []
    for match in _BLOCK.finditer(text):
        above = [heading for start, heading in headings if start < match.start()]
        found.append(Snippet(above[-1] if above else "", match[1]))
    return found


def under(heading: str, snippets: Iterable[Snippet]) -> Snippet:
    """Give the only block under a heading."""
    (found,) = (each for each in snippets if each.heading == heading)
    return found


def printed_after(document: Path) -> dict[str, str]:
    """Give what a document says that its blocks print: the block of text after each of Python.

    By the heading; '' where there is none.
    """
    text = document.read_text("utf-8")
    found = {}
    for snippet in snippets_in(document):
        after = text.partition(f"```python\n{snippet.code}```\n")[2]
        shown = re.match(r"\n```text\n(.*?)```$", after, re.MULTILINE | re.DOTALL)
        found[snippet.heading] = shown[1] if shown else ""
    return found
