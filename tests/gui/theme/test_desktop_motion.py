from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.gui.theme.desktop_motion import DesktopMotion
from support.secret_service import session_bus
from support.settings_portal import settings_portal
from support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

ANIMATIONS = ("org.gnome.desktop.interface", "enable-animations")
REDUCED = ("org.freedesktop.appearance", "reduced-motion")


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    with session_bus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.environment["DBUS_SESSION_BUS_ADDRESS"])
        yield bus.environment


async def test_the_desktop_is_asked_and_heard(bus: dict[str, str]) -> None:
    motion = DesktopMotion()
    told: list[bool] = []
    motion.told.connect(told.append)
    with settings_portal(bus, {ANIMATIONS: ("b", False)}) as portal:
        assert await motion.listen()
        await until(lambda: told == [True])
        portal.change(*ANIMATIONS, ("b", True))
        await until(lambda: told == [True, False])
        portal.change("org.gnome.desktop.interface", "cursor-size", ("i", 24))
        portal.change(*REDUCED, ("u", 1))
        await until(lambda: told == [True, False, True])


async def test_what_another_desktop_calls_it_counts_too(bus: dict[str, str]) -> None:
    motion = DesktopMotion()
    told: list[bool] = []
    motion.told.connect(told.append)
    with settings_portal(bus, {ANIMATIONS: ("b", True), REDUCED: ("u", 1)}):
        assert await motion.listen()
        await until(lambda: len(told) == 2)
    assert told[-1]


async def test_without_a_bus_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert not await DesktopMotion().listen()


async def test_without_a_portal_nothing_is_told(bus: dict[str, str]) -> None:
    motion = DesktopMotion()
    told: list[bool] = []
    motion.told.connect(told.append)
    assert await motion.listen()
    await until(lambda: motion.is_answered)
    assert told == []
