"""Looks for texts and keys in files, in every form in which they may lie there."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


def forms(content: bytes) -> Iterator[bytes]:
    """Give the ways in which bytes may lie in a file."""
    yield content
    yield content.hex().encode()
    yield content.hex().upper().encode()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + content)
        # Without what depends on the neighbours.
        yield encoded[4 if offset else 0 : -4]


def found_in(
    folder: Path, texts: Collection[str], raw: Collection[bytes] = ()
) -> list[tuple[bytes, bytes]]:
    """Give what of texts and keys is in any file of a folder, and in which form."""
    contents = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    assert contents
    searched = [text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-16-be")]
    return [
        (content, form)
        for content in (*searched, *raw)
        for form in forms(content)
        if any(form in held for held in contents)
    ]
