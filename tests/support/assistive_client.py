"""A client of AT-SPI, as a screen reader is one: what `support/assistive.py` starts.

It runs under the system's own Python, which has the bindings of AT-SPI, in a process of its own.
Commands come as lines of JSON on standard input and each is answered by one on standard output;
what the program tells by itself is kept, and given to whoever asks.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

gi: Any = importlib.import_module("gi")
gi.require_version("Atspi", "2.0")
Atspi: Any = importlib.import_module("gi.repository.Atspi")
GLib: Any = importlib.import_module("gi.repository.GLib")

LISTENED = (
    "object:announcement",
    "object:children-changed",
    "object:property-change:accessible-name",
    "object:state-changed:busy",
    "object:state-changed:focused",
)
STATES = (
    "BUSY", "CHECKABLE", "CHECKED", "COLLAPSED", "ENABLED", "EXPANDABLE", "EXPANDED", "FOCUSABLE",
    "FOCUSED", "SHOWING", "VISIBLE",
)  # fmt: skip
MOST_APPLICATIONS = 20
MOST_DEEP = 40


class Client:
    """Carries out the commands."""

    def __init__(self, application: str) -> None:
        self._application = application
        self._events: list[dict[str, Any]] = []
        self._listener = Atspi.EventListener.new(self._hear)
        for kind in LISTENED:
            self._listener.register(kind)

    def _hear(self, event: Any) -> None:
        source = event.source
        self._events.append(
            {
                "type": str(event.type),
                "role": source.get_role_name() if source else "",
                "name": source.get_name() if source else "",
                "detail": event.detail1,
                "data": event.any_data if isinstance(event.any_data, str) else "",
            }
        )

    # -------------------------------------------------------------- verbs

    def do_is_there(self) -> bool:
        """Tell whether the program is on the bus."""
        return self._find_application() is not None

    def do_events(self) -> list[dict[str, Any]]:
        """Give what was heard since this was asked last."""
        heard, self._events = self._events, []
        return heard

    def do_count(self) -> int:
        """Tell how many rows the conversation has."""
        return int(self._conversation().get_child_count())

    def do_list(self) -> dict[str, Any]:
        """Give the conversation itself."""
        return describe(self._conversation())

    def do_rows(self, first: int, last: int) -> list[dict[str, Any]]:
        """Give some rows, without what is in them."""
        rows = self._conversation()
        return [describe(rows.get_child_at_index(index)) for index in range(first, last)]

    def do_tree(self, row: int) -> dict[str, Any]:
        """Give a row with all that is in it."""
        return tree(self._conversation().get_child_at_index(row))

    def do_everything(self) -> list[str]:
        """Read all that is in the program, shown or hidden; give the names that are not empty."""
        application = self._find_application()
        if application is None:
            raise AssertionError(f"{self._application} is not on the bus")
        found: list[str] = []
        waiting = [(application, 0)]
        while waiting:
            one, depth = waiting.pop()
            if name := describe(one)["name"]:
                found.append(name)
            children = range(one.get_child_count()) if depth < MOST_DEEP else ()
            below = [one.get_child_at_index(index) for index in children]
            waiting += [(child, depth + 1) for child in below if child is not None]
        return found

    def do_act(self, row: int, role: str, name: str, action: str) -> None:
        """Do something with what is in a row."""
        found = search(self._conversation().get_child_at_index(row), role, name)
        names = [found.get_action_name(index) for index in range(found.get_n_actions())]
        # "SetFocus" is called "Set Focus" from Qt 6.12 on.
        names = [name.replace(" ", "") for name in names]
        if not found.do_action(names.index(action)):
            raise AssertionError(f"{name} cannot be told to {action}")

    def do_at(self, row: int, role: str, name: str) -> list[str]:
        """Give the names of what is at the middle of something in a row, from the list down."""
        found = search(self._conversation().get_child_at_index(row), role, name)
        area = found.get_extents(Atspi.CoordType.SCREEN)
        x, y = area.x + area.width // 2, area.y + area.height // 2
        way: list[str] = []
        one = self._conversation().get_accessible_at_point(x, y, Atspi.CoordType.SCREEN)
        while one is not None and len(way) < MOST_DEEP:
            way.insert(0, one.get_name())
            one = None if one.get_role_name() == "list" else one.get_parent()
        return way

    # -------------------------------------------------------------- finding

    def _find_application(self) -> Any:
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        for index in range(min(desktop.get_child_count(), MOST_APPLICATIONS)):
            child = desktop.get_child_at_index(index)
            if child is not None and child.get_name() == self._application:
                child.set_cache_mask(Atspi.Cache.NONE)
                return child
        return None

    def _conversation(self) -> Any:
        application = self._find_application()
        if application is None:
            raise AssertionError(f"{self._application} is not on the bus")
        return search(application, "list", "Conversation")


def search(root: Any, role: str, name: str) -> Any:
    """Find the first that has a role and a name, breadth first."""
    waiting = [root]
    while waiting:
        one = waiting.pop(0)
        if one.get_role_name() == role and one.get_name() == name:
            return one
        if one.get_role_name() == "list" and one.get_name() == "Conversation":
            continue  # what is in it is looked for from its rows
        for index in range(one.get_child_count()):
            child = one.get_child_at_index(index)
            if child is not None:
                waiting.append(child)
    raise AssertionError(f"there is no {role} called {name!r}")


def describe(one: Any) -> dict[str, Any]:
    area = one.get_extents(Atspi.CoordType.SCREEN) if one.get_component_iface() else None
    states = one.get_state_set()
    return {
        "role": one.get_role_name(),
        "name": one.get_name(),
        "description": one.get_description(),
        "states": [name for name in STATES if states.contains(getattr(Atspi.StateType, name))],
        "actions": [one.get_action_name(index) for index in range(one.get_n_actions())]
        if one.get_action_iface()
        else [],
        "area": [area.x, area.y, area.width, area.height] if area else [],
        "attributes": dict(one.get_attributes() or {}),
    }


def tree(one: Any, depth: int = 0) -> dict[str, Any]:
    children = range(one.get_child_count()) if depth < MOST_DEEP else ()
    below = [tree(one.get_child_at_index(index), depth + 1) for index in children]
    return {**describe(one), "children": below}


def main() -> None:
    client = Client(sys.argv[1])
    loop = GLib.MainLoop()

    def carry_out(channel: Any, _condition: Any) -> bool:
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        command = json.loads(line)
        try:
            answer = {"value": getattr(client, f"do_{command.pop('verb')}")(**command)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        return True

    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, carry_out)
    loop.run()


if __name__ == "__main__":
    main()
