"""Colours by what they are for, once for light and once for dark.

A widget asks for a role (`palette.text_muted`), never for a colour. Whoever paints by hand calls
`current()` when it paints, or anew on `QEvent.PaletteChange`.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from PySide6.QtGui import QColor, QGuiApplication, QPalette


class Palette(NamedTuple):
    """The colours of one scheme, written `#rrggbb`.

    Each text role has a contrast of at least 4.5 to 1 on every ground it is used on, and what marks
    focus or the edge of a field at least 3 to 1. Where the contrast is high it is 7 to 1, and every
    edge has 4.5 to 1.

    Attributes:
        name: "light" or "dark".
        window: The ground of the chat and of dialogs.
        sidebar: The ground of the list of threads and of the menu bar.
        raised: Menus, fields, cards: what lies above the window.
        bubble: What the user has said.
        code: The ground of code.
        code_header: The strip above code, and the head of a table.
        inline_code: The ground of code within a line.
        hover: A control under the mouse.
        pressed: A control held down.
        selected: The chosen line of a list.
        border: Between parts, around cards.
        border_strong: The edge of a field.
        text: What is read.
        text_muted: What accompanies it.
        text_disabled: What cannot be used now.
        accent: The colour of the house: the main button, the avatar.
        accent_hover: The same under the mouse.
        on_accent: What is written on it.
        accent_soft: A ground with a touch of it.
        link: A link.
        selection: The ground of selected text.
        hit: The ground of what was searched for.
        hit_current: The same, for the place where the search is.
        focus: The ring around what has the keyboard.
        danger: Words and edges of failure and of deletion.
        on_danger: What is written on it.
        danger_soft: A ground with a touch of it.
        warning: Words of caution.
        warning_soft: A ground with a touch of it.
        success: Words of success.
        scrollbar: The thumb of a scroll bar.
        scrollbar_hover: The same under the mouse.
        code_keyword: Words of the language.
        code_name: What is defined: functions.
        code_type: Classes and types.
        code_constant: Built-in names, constants.
        code_string: Text.
        code_number: Numbers.
        code_comment: Comments.
        code_operator: Signs.
        code_added: A line that a patch adds.
        code_removed: A line that a patch removes.
        is_high_contrast: Whether all stands out more than usual.
    """

    name: str
    window: str
    sidebar: str
    raised: str
    bubble: str
    code: str
    code_header: str
    inline_code: str
    hover: str
    pressed: str
    selected: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    link: str
    selection: str
    hit: str
    hit_current: str
    focus: str
    danger: str
    on_danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    success: str
    scrollbar: str
    scrollbar_hover: str
    code_keyword: str
    code_name: str
    code_type: str
    code_constant: str
    code_string: str
    code_number: str
    code_comment: str
    code_operator: str
    code_added: str
    code_removed: str
    is_high_contrast: bool = False

    @property
    def is_dark(self) -> bool:
        """Whether light text stands on a dark ground."""
        return self.name == "dark"


@cache
def light() -> Palette:
    """Give the colours for a bright room."""
    return Palette(
        name="light",
        window="#ffffff",
        sidebar="#f5f5f8",
        raised="#ffffff",
        bubble="#f0f1f5",
        code="#f7f8fa",
        code_header="#eceef2",
        inline_code="#eceef2",
        hover="#eaebf0",
        pressed="#dddfe6",
        selected="#e3e5ee",
        border="#e0e2e8",
        border_strong="#878c9b",
        text="#1c1d22",
        text_muted="#5a5e6b",
        text_disabled="#8d919d",
        accent="#b8470f",
        accent_hover="#9c3a09",
        on_accent="#ffffff",
        accent_soft="#fcefe6",
        link="#1659c4",
        selection="#b9d5fb",
        hit="#fbe69a",
        hit_current="#ffb257",
        focus="#2f6fdb",
        danger="#b3261e",
        on_danger="#ffffff",
        danger_soft="#fdeceb",
        warning="#855300",
        warning_soft="#fdf3de",
        success="#1d7340",
        scrollbar="#c6c9d2",
        scrollbar_hover="#9a9eab",
        code_keyword="#b3203f",
        code_name="#6d3fc0",
        code_type="#8a4300",
        code_constant="#0b55a8",
        code_string="#116432",
        code_number="#0b55a8",
        code_comment="#636876",
        code_operator="#4f5462",
        code_added="#116432",
        code_removed="#b3203f",
    )


@cache
def dark() -> Palette:
    """Give the colours for a dim room."""
    return Palette(
        name="dark",
        window="#1b1c20",
        sidebar="#151619",
        raised="#25262b",
        bubble="#2c2d33",
        code="#131417",
        code_header="#25262b",
        inline_code="#303138",
        hover="#2c2d33",
        pressed="#393b43",
        selected="#2f3139",
        border="#34363d",
        border_strong="#737784",
        text="#e7e8ec",
        text_muted="#a2a5b0",
        text_disabled="#6f727d",
        accent="#f3a055",
        accent_hover="#ffb673",
        on_accent="#221304",
        accent_soft="#3a2a1d",
        link="#79b0ff",
        selection="#264f80",
        hit="#5b4a1c",
        hit_current="#8e5e00",
        focus="#6ea8ff",
        danger="#ff8a80",
        on_danger="#2b0805",
        danger_soft="#3b2223",
        warning="#f2c063",
        warning_soft="#372d1c",
        success="#77d295",
        scrollbar="#43454d",
        scrollbar_hover="#666975",
        code_keyword="#ff8095",
        code_name="#c7a3ff",
        code_type="#ffb86b",
        code_constant="#8cbcff",
        code_string="#8fd694",
        code_number="#8cbcff",
        code_comment="#8b8f9c",
        code_operator="#b9bcc6",
        code_added="#8fd694",
        code_removed="#ff8095",
    )


@cache
def light_contrast() -> Palette:
    """Give the colours for a bright room where all must stand out."""
    return Palette(
        name="light",
        window="#ffffff",
        sidebar="#ffffff",
        raised="#ffffff",
        bubble="#f2f2f2",
        code="#f7f7f7",
        code_header="#ececec",
        inline_code="#ececec",
        hover="#e4e4e4",
        pressed="#d4d4d4",
        selected="#d9e6ff",
        border="#5f5f5f",
        border_strong="#000000",
        text="#000000",
        text_muted="#333333",
        text_disabled="#595959",
        accent="#7a2c05",
        accent_hover="#5c2003",
        on_accent="#ffffff",
        accent_soft="#fdf0e8",
        link="#00338a",
        selection="#9cc5ff",
        hit="#ffe066",
        hit_current="#ff9f1a",
        focus="#0038b8",
        danger="#8c0d08",
        on_danger="#ffffff",
        danger_soft="#fff0ef",
        warning="#5c3900",
        warning_soft="#fff5e0",
        success="#0b4d24",
        scrollbar="#6b6b6b",
        scrollbar_hover="#2b2b2b",
        code_keyword="#8a0f2c",
        code_name="#4a1f9c",
        code_type="#663200",
        code_constant="#083c7a",
        code_string="#0a4a22",
        code_number="#083c7a",
        code_comment="#454a55",
        code_operator="#30333c",
        code_added="#0a4a22",
        code_removed="#8a0f2c",
        is_high_contrast=True,
    )


@cache
def dark_contrast() -> Palette:
    """Give the colours for a dim room where all must stand out."""
    return Palette(
        name="dark",
        window="#000000",
        sidebar="#000000",
        raised="#0d0d0d",
        bubble="#1a1a1a",
        code="#0a0a0a",
        code_header="#1f1f1f",
        inline_code="#262626",
        hover="#2b2b2b",
        pressed="#3a3a3a",
        selected="#26324d",
        border="#9a9a9a",
        border_strong="#ffffff",
        text="#ffffff",
        text_muted="#dcdcdc",
        text_disabled="#a6a6a6",
        accent="#ffb870",
        accent_hover="#ffd0a0",
        on_accent="#000000",
        accent_soft="#33210f",
        link="#9cc7ff",
        selection="#1f4f94",
        hit="#3a3a00",
        hit_current="#8a3b00",
        focus="#ffe14d",
        danger="#ffb3ad",
        on_danger="#000000",
        danger_soft="#330f0d",
        warning="#ffd27a",
        warning_soft="#2e2208",
        success="#9ff0b8",
        scrollbar="#9a9a9a",
        scrollbar_hover="#ffffff",
        code_keyword="#ffb0bd",
        code_name="#dcc4ff",
        code_type="#ffd09e",
        code_constant="#b8d8ff",
        code_string="#b4f0b8",
        code_number="#b8d8ff",
        code_comment="#c4c8d2",
        code_operator="#e0e2e8",
        code_added="#b4f0b8",
        code_removed="#ffb0bd",
        is_high_contrast=True,
    )


@cache
def colour(value: str) -> QColor:
    """Make Qt's colour of a role's value. It is shared: do not change it."""
    return QColor(value)


def current() -> Palette:
    """Give the colours in which the application is dressed now."""
    return _worn(QGuiApplication.palette().cacheKey())


@lru_cache(maxsize=4)
def _worn(_key: int) -> Palette:
    """Recognise the palette of the application, once for each: it has a key of its own."""
    worn = QGuiApplication.palette()
    ground = worn.color(QPalette.ColorRole.Window)
    is_dark = ground.lightness() < 128  # noqa: PLR2004  half of Qt's 0..255
    high = dark_contrast() if is_dark else light_contrast()
    usual = dark() if is_dark else light()
    words, lines = (
        worn.color(QPalette.ColorRole.WindowText),
        worn.color(QPalette.ColorRole.Midlight),
    )
    is_high = (words, lines) == (colour(high.text), colour(high.border))
    return high if is_high else usual


def qt_palette(palette: Palette) -> QPalette:
    """Translate the roles into Qt's own, for what Qt paints itself."""
    made = QPalette()
    role = QPalette.ColorRole
    for qt_role, value in (
        (role.Window, palette.window),
        (role.WindowText, palette.text),
        (role.Base, palette.raised),
        (role.AlternateBase, palette.code),
        (role.Text, palette.text),
        (role.PlaceholderText, palette.text_muted),
        (role.Button, palette.raised),
        (role.ButtonText, palette.text),
        (role.BrightText, palette.danger),
        (role.ToolTipBase, palette.raised),
        (role.ToolTipText, palette.text),
        (role.Highlight, palette.selection),
        (role.HighlightedText, palette.text),
        (role.Accent, palette.accent),
        (role.Link, palette.link),
        (role.LinkVisited, palette.link),
        (role.Light, palette.hover),
        (role.Midlight, palette.border),
        (role.Mid, palette.border_strong),
        (role.Dark, palette.border_strong),
        (role.Shadow, palette.border),
    ):
        made.setColor(qt_role, colour(value))
    for qt_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, qt_role, colour(palette.text_disabled))
    return made
