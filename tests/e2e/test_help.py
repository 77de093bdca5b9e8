"""The Help menu of the real program, clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.markers import forms

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver
    from support.openai_server import ScriptedServer

pytestmark = pytest.mark.timeout(120)

SAID = "marker-of-what-was-said"
ANSWERED = "marker-of-an-answer"
TITLE = "marker-of-a-title"
KEY = "sk-marker-of-a-key-0123456789"


def saying(words: str) -> Callable[[dict[str, Any]], bool]:
    # Where a long path may be broken there is a sign that nobody sees.
    return lambda state: words in (state.get("dialog") or "").replace("\u200b", "")


def test_each_line_of_the_menu_opens_what_it_says(
    start: Callable[..., Driver], user: dict[str, str]
) -> None:
    with start() as program:
        program.wait_open()
        for words, shown in (
            ("Keyboard shortcuts", "Break the line"),
            ("Licences", "each with the licence under which it is passed on"),
            ("Copy diagnostics", "The diagnostics were copied"),
            ("About Chatelaine", "A window for talking with AI agents"),
            # Off the screen there is no file manager.
            ("Show data folder", user["XDG_DATA_HOME"]),
        ):
            program.menu("Help", words)
            program.wait_for(saying(shown))
            program.press("Escape")
            program.wait_for(lambda state: not state["dialog"])
        assert program.quit() == 0


def test_diagnostics_have_nothing_of_the_user(
    start: Callable[..., Driver],
    user: dict[str, str],
    server: ScriptedServer,
    connect: Callable[..., None],
) -> None:
    with start() as program:
        program.wait_open()
        connect(program, api_key=KEY)
        program.send(SAID)
        program.wait_idle(1)
        program.press("F2")
        program.wait_for(lambda state: state["focus"] not in {None, "Message"})
        program.type(TITLE)
        program.press("Return")
        program.wait_for(lambda state: TITLE in state["threads"])
        program.type(ANSWERED, into="Message")
        program.menu("Help", "Copy diagnostics")
        program.wait_for(lambda state: "were copied" in (state["dialog"] or ""))
        copied = program.tell("clipboard")
        program.press("Escape")
        program.wait_for(lambda state: not state["dialog"])
        assert program.quit() == 0
    values = dict(line.split(":", 1) for line in copied.splitlines())
    assert values["Threads"].strip() == "1"
    assert values["Keyring"].strip() == "Secret Service"
    assert values["Qt platform"].strip() == "offscreen"
    secrets = [SAID, ANSWERED, TITLE, KEY, server.base_url, "127.0.0.1", "localhost"]
    secrets += [server.models[0], user["HOME"], user["XDG_DATA_HOME"], "history.db", "thread_"]
    planted = [form for secret in secrets for form in forms(secret.encode())]
    assert [form for form in planted if form in copied.encode()] == []


def test_diagnostics_can_be_copied_where_the_history_does_not_open(
    start: Callable[..., Driver],
) -> None:
    with start() as program:
        program.wait_open()
        assert program.quit() == 0
    with start(DBUS_SESSION_BUS_ADDRESS="") as program:
        program.wait_for(lambda state: state.get("page") == "locked")
        program.menu("Help", "Copy diagnostics")
        program.wait_for(lambda state: "were copied" in (state["dialog"] or ""))
        assert "none is open" in program.tell("clipboard")
        program.press("Escape")
        assert program.quit() == 0
