"""The menus by name: the bar is seen before what fills them is there."""

from __future__ import annotations

from enum import StrEnum


class Menu(StrEnum):
    """The menus in the order of the menu bar; THEME lies inside VIEW."""

    FILE = "&File"
    EDIT = "&Edit"
    THREAD = "&Thread"
    VIEW = "&View"
    THEME = "&Theme"
    HELP = "&Help"


SUBMENUS = {Menu.THEME: Menu.VIEW}
"""Menus that lie inside another one, and in which."""
BAR = tuple(menu for menu in Menu if menu not in SUBMENUS)
"""What the bar shows."""
