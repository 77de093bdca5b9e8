"""Takes a stretch out of a block."""

from __future__ import annotations

from dataclasses import replace

from chatelaine.markup.blocks import Block, Code, Heading, Paragraph, Place, Span, Text


def cut(block: Block, text: str, start: int, end: int) -> Block:
    """Give a stretch of a block; of what is not text or code, its words.

    Args:
        block: The block.
        text: Its text as it is read, in which places are counted.
        start: Where the stretch begins, in characters.
        end: Where it ends: the first character that is not in it.
    """
    if start <= 0 and end >= len(text):
        return block
    place = block.place if start <= 0 else Place(tight=block.place.tight)
    match block:
        case Paragraph():
            return Paragraph(_cut_text(block.text, start, end), place)
        case Heading():
            return Heading(block.level, _cut_text(block.text, start, end), place)
        case Code():
            return Code(block.code[start:end], block.language, place)
        case _:
            return Paragraph(Text(text[start:end]), place)


def _cut_text(text: Text, start: int, end: int) -> Text:
    spans: list[Span] = []
    for span in text.spans:
        first, last = max(span.start, start), min(span.end, end)
        if first < last:
            made = replace(span, start=first - start, end=last - start)
            # A part of a formula is none.
            is_whole = (first, last) == (span.start, span.end)
            spans.append(made if is_whole else replace(made, formula=""))
    return Text(text.plain[start:end], tuple(spans))
