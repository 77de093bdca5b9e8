"""The order in which Tab goes through a window, for parts that were made later than others."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def put_after(before: QWidget, widget: QWidget) -> None:
    """Have Tab come to a widget, and to all that is in it, after another one of the window.

    Args:
        before: The other one; it need not take the focus itself.
        widget: What has been put into the window after it was made.
    """
    # Qt puts nothing behind or before what cannot have the focus.
    found = before
    while not _takes_focus(found):
        previous = found.previousInFocusChain()
        if previous is None or previous is before:
            return
        found = previous
    for one in _in_order(widget):
        if _takes_focus(one):
            QWidget.setTabOrder(found, one)
            found = one


def put_first(parent: QWidget, widget: QWidget) -> None:
    """Have Tab come to a widget, and to all that is in it, before all else in its parent.

    Args:
        parent: It does not take the focus itself.
        widget: What has been put into it after the rest.
    """
    parent.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # for as long as something is put after it
    put_after(parent, widget)
    parent.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def _takes_focus(widget: QWidget) -> bool:
    return widget.focusPolicy() is not Qt.FocusPolicy.NoFocus


def _in_order(widget: QWidget) -> list[QWidget]:
    order = [widget]
    following = widget.nextInFocusChain()
    while following is not None and widget.isAncestorOf(following):
        order.append(following)
        following = following.nextInFocusChain()
    return order
