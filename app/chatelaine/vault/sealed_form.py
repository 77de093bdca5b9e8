"""How what is sealed is written down: the same for slots and for keys under keys."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def header_of(record: Mapping[str, Any]) -> bytes:
    """Write the authenticated part of a record in the one way that all versions agree on."""
    header = {name: value for name, value in record.items() if name != "ct"}
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode("ascii")


def decoded_size(value: object) -> int:
    """Tell how many bytes a base64 text stands for; 0 for what is none."""
    try:
        return len(b64decode(value, validate=True)) if isinstance(value, str) else 0
    except ValueError:
        return 0
