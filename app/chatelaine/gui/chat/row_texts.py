"""What the texts of rows are made of, where that is not simply their Markdown. No Qt here.

Whoever shows a row and whoever looks for words in it take the same blocks.
"""

from __future__ import annotations

from typing import Final

from chatelaine.gui.chat.rows import ToolRow, ToolState
from chatelaine.markup.blocks import Block, Code, Heading, Paragraph, Place, Text

TOOL_STATES: Final = {
    ToolState.RUNNING: "Running",
    ToolState.DONE: "Done",
    ToolState.FAILED: "Failed",
    ToolState.ABANDONED: "Not finished",
}
"""How a tool call stands, in words."""
_MOST_LINES: Final = 24
_MOST_CHARACTERS: Final = 3000
_LINES_TOGETHER: Final = 40
_CHARACTERS_TOGETHER: Final = 20_000
_MOST_READABLE: Final = 50_000
"""Characters up to which JSON is given a line for each value: it is done in the window's thread."""
_TIGHT: Final = Place(tight=True)


def shortened(text: str) -> str:
    """Give what is shown of a message of the user as long as nobody asks for all of it."""
    end = len(text)
    if len(text) > _MOST_CHARACTERS:
        end = _MOST_CHARACTERS
    lines = text[:end].split("\n")
    if len(lines) > _MOST_LINES:
        end = sum(len(line) + 1 for line in lines[:_MOST_LINES]) - 1
    # A little more than fits is not worth a click.
    return text if len(text) - end < _MOST_CHARACTERS / 10 and end == len(text) else text[:end]


def message_blocks(text: str) -> list[Block]:
    """Give the lines of a message of the user, as they were typed.

    They are in blocks of some lines each, so that not all need to be drawn at once.
    """
    lines = text.split("\n")
    made: list[Block] = []
    for start in range(0, len(lines), _LINES_TOGETHER):
        chunk = "\n".join(lines[start : start + _LINES_TOGETHER])
        made.append(Paragraph(Text(chunk[:_CHARACTERS_TOGETHER]), _TIGHT))
        made.extend(
            Paragraph(Text(chunk[begin : begin + _CHARACTERS_TOGETHER]), _TIGHT, continued=True)
            for begin in range(_CHARACTERS_TOGETHER, len(chunk), _CHARACTERS_TOGETHER)
        )
    return made


def call_blocks(row: ToolRow) -> list[Block]:
    """Give what a tool was asked with and what it answered; headings are our own words."""
    blocks: list[Block] = []
    if is_asked_with(row.arguments):
        blocks += [_label("Asked with"), call_code(row.arguments)]
    if row.result:
        blocks += [_label("Failed with" if row.state is ToolState.FAILED else "Answered")]
        blocks += [call_code(row.result)]
    return blocks or [_label(f"{TOOL_STATES[row.state]}, without arguments")]


def is_asked_with(arguments: str) -> bool:
    """Tell whether the arguments of a call say anything."""
    return arguments.strip() not in {"", "{}"}


def call_code(text: str) -> Code:
    """Give arguments or a result as they are shown: all of it, since only what is seen costs."""
    from chatelaine.markup.json_lines import json_lines

    if len(text) <= _MOST_READABLE and (lines := json_lines(text)) is not None:
        return Code(lines, "json")
    return Code(text)


def _label(words: str) -> Heading:
    return Heading(6, Text(words))
