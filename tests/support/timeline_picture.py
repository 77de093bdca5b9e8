"""Paints a timeline in a process of its own, and tells of the picture: one line of JSON.

Given a path, it saves the picture there as well, to be looked at.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from chatelaine.gui.chat.rows import ReplyRow, ToolRow, ToolState, UserRow
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.theme.appearance import Appearance, Scheme
from chatelaine.store.records import TurnId
from support.until import wait_until

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
WIDTH, HEIGHT = 640, 820
MARKDOWN = """\
# Title

A paragraph with [a link](https://example.org) and `code`.

- one
- [x] done

```python
print(1)
```

| a | b |
|---|---|
| 1 | 2 |
"""


def main() -> None:
    app = QApplication(sys.argv[:1])
    Appearance(app, Scheme.LIGHT)
    view = TimelineView()
    view.resize(WIDTH, HEIGHT)
    turn = TurnId(1)
    view.load(
        [
            UserRow(turn, "Hello there", NOW),
            ReplyRow(turn, "Ada", "gpt", NOW, MARKDOWN, "Thoughts"),
            ToolRow(turn, "Ada", "gpt", NOW, "c", "clock", '{"a": 1}', "12", ToolState.DONE),
        ]
    )
    view.show()
    QTest.qWaitForWindowExposed(view)

    def is_settled() -> bool:
        QApplication.processEvents()
        return view.is_settled

    wait_until(is_settled)
    picture = view.grab()
    image = picture.toImage()
    outside = [
        control.words
        for row in view.visible_rows()
        for control in view.laid_out.layout(row).controls()
        if not (
            control.rect.translated(view.origin(row)).left() >= 0
            and control.rect.translated(view.origin(row)).right() <= WIDTH
        )
    ]
    steepest = max(
        abs(image.pixelColor(x, y).lightnessF() - image.pixelColor(x + 1, y).lightnessF())
        for y in range(0, image.height(), 2)
        for x in range(image.width() // 2)
    )
    if len(sys.argv) > 1:
        picture.save(sys.argv[1])
    told = {
        "ratio": picture.devicePixelRatio(),
        "pixels": [image.width(), image.height()],
        "outside": outside,
        "steepest": steepest,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
