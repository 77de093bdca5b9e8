"""The parser for Markdown's marks, set up for what a model writes.

Importing this costs some 40 ms, so it is done when the first text is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from typing_extensions import override

from chatelaine.markup import footnotes, formulas
from chatelaine.markup.block_rules import BlockParser, reference_rule, table_rule
from chatelaine.markup.inline_rules import InlineParser, image_rule, strikethrough_rule
from chatelaine.markup.links import is_safe_link

if TYPE_CHECKING:
    from markdown_it.token import Token

    from chatelaine.markup.footnotes import Definitions

DEEPEST: Final = 40
"""How deep marks are read within one another."""


class _Lenient(MarkdownIt):
    @override
    def validateLink(self, url: str) -> bool:
        return True


class Syntax(MarkdownIt):
    """Finds out what the lines and the marks of a text mean."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": DEEPEST})
        self.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
        formulas.install(self)
        footnotes.install(self)
        lenient = _Lenient("zero")
        lenient.options["inline_definitions"] = True
        self.inline.ruler.at("strikethrough", strikethrough_rule)
        self.inline.ruler.at("image", image_rule(lenient))
        interrupts = {"alt": ["paragraph", "reference"]}
        self.block.ruler.at("table", table_rule, interrupts)  # type: ignore[arg-type]  # a TypedDict
        self.block.ruler.at("reference", reference_rule(lenient))
        self.block, self.inline = BlockParser(self.block), InlineParser(self.inline)
        lenient.block, lenient.inline = self.block, self.inline

    @override
    def validateLink(self, url: str) -> bool:
        # A picture in the text itself is a link here, so that its kilobytes are not shown.
        return is_safe_link(url) or url.lower().startswith("data:image/")

    def lines(self, source: str, definitions: Definitions) -> list[Token]:
        """Read the lines of a text, but not yet what stands within them."""
        tokens: list[Token] = []
        self.block.parse(source, self, definitions.env(), tokens)
        return tokens

    def within_line(self, words: str, definitions: Definitions) -> list[Token]:
        """Read the inside of a paragraph, a heading or a cell."""
        return self.inline.parse(words, self, definitions.env(), [])
