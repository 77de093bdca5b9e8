"""What a screen reader has: the bus of accessibility, and a client on it.

    with accessibility_bus(environment) as there, AssistiveClient(there) as reader:
        reader.tell("rows", first=0, last=2)

Both are private to the test, and are ended with the block.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LAUNCHER = "/usr/libexec/at-spi-bus-launcher"
PATIENCE = 20.0
"""Seconds in which a question must be answered: a program that takes longer hangs."""
_PYTHON = "/usr/bin/python3"
_SCRIPT = Path(__file__).with_name("assistive_client.py")


@contextmanager
def accessibility_bus(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run the bus of accessibility beside a session bus; give the environment of its clients."""
    # The names of sockets are short, so a folder of the test's own will not do.
    with tempfile.TemporaryDirectory(prefix="a11y-", dir="/tmp") as folder:
        full = {
            **environment,
            "XDG_RUNTIME_DIR": folder,
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        launcher = subprocess.Popen(
            [LAUNCHER, "--launch-immediately"],
            env=full,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(
                lambda: (
                    (Path(folder) / "at-spi").is_dir() and any(Path(folder, "at-spi").iterdir())
                ),
                what="the bus of accessibility",
            )
            yield full
        finally:
            launcher.terminate()
            launcher.wait(PATIENCE)


class AssistiveClient:
    """A client in a process of its own: see `support/assistive_client.py` for what it can do."""

    def __init__(
        self,
        environment: Mapping[str, str],
        application: str = "chatelaine",
        command: Sequence[str] = (_PYTHON, "-I", str(_SCRIPT)),
    ) -> None:
        clean = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [*command, application],
            env=clean,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._heard: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.terminate()
        self._process.wait(PATIENCE)

    def tell(self, verb: str, **values: Any) -> Any:
        """Have a verb carried out, and give its answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("the client was started without pipes")
        stdin.write(json.dumps({"verb": verb, **values}) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline() or '{"error": "it is gone"}')
        if "error" in answer:
            raise AssertionError(f"{verb} {values}: {answer['error']}")
        return answer["value"]

    def wait_there(self) -> None:
        """Wait until the program is on the bus."""
        wait_until(lambda: self.tell("is_there"), PATIENCE, what="the program on the bus")

    def wait_event(self, wanted: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """Wait until the program tells something; give it."""

        def look() -> dict[str, Any] | None:
            self._heard += self.tell("events")
            return next((event for event in self._heard if wanted(event)), None)

        found = wait_until(look, PATIENCE, what=what)
        if found is None:
            raise AssertionError("nothing was heard")
        return found

    def heard(self) -> list[dict[str, Any]]:
        """Give all that was told until now."""
        self._heard += self.tell("events")
        return list(self._heard)

    def forget(self) -> None:
        """Let what was told until now not count."""
        self.heard()
        self._heard.clear()


def walk(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give an item of a tree and all that is in it, in reading order."""
    yield item
    for child in item["children"]:
        yield from walk(child)
