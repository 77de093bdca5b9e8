"""What is in the memory of a running process: all that a core dump of it would hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_AT_ONCE = 1 << 22


def counts(pid: int, forms: Mapping[str, Sequence[bytes]]) -> dict[str, int]:
    """Count how often each thing is in the memory of a process, in any of its forms.

    The process goes on meanwhile; it should have nothing to do. What it has only read from files,
    its programs and libraries, is left out, as it is in a core dump.

    Raises:
        PermissionError: This process may not look into that one.
    """
    found = dict.fromkeys(forms, 0)
    overlap = max(len(form) for each in forms.values() for form in each) - 1
    for piece, known in _pieces(pid, overlap):
        for name, each in forms.items():
            found[name] += sum(piece.count(form) - piece.count(form, 0, known) for form in each)
    return found


def _pieces(pid: int, overlap: int) -> Iterator[tuple[bytes, int]]:
    """Give the memory piece by piece, each with the end of the one before, and how long that is."""
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, rights, _, _, inode, *_ = line.split()
            if "r" not in rights or ("w" not in rights and inode != "0"):
                continue
            start, end = (int(each, 16) for each in area.split("-"))
            before = b""
            while start < end:
                try:
                    memory.seek(start)
                    piece = memory.read(min(_AT_ONCE, end - start))
                except (OSError, OverflowError):  # pages of the kernel's, or there in name only
                    break
                if not piece:
                    break
                yield before + piece, len(before)
                before = (before + piece)[-overlap:]
                start += len(piece)
