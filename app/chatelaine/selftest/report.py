"""What a self-test has found, as a person reads it.

It is written anew after each check: where a check takes the whole process down, the report says
which one it was.
"""

from __future__ import annotations

import logging
import os
import sys
import textwrap
import time
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Self, TextIO

from typing_extensions import override

from chatelaine import log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

_WIDTH = 100
_NAME_WIDTH = 18
_DEEPEST = 12
"""Lines of a traceback that are shown, from the place where it was raised upwards."""


class CheckFailed(Exception):
    """Something is not as it has to be; its message says what, for a person."""


class Outcome(Enum):
    """What came of a check."""

    PASSED = "ok"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Result:
    """What one check has found.

    Attributes:
        name: What was looked at.
        outcome: What came of it.
        detail: What was found, or what is wrong; of several lines where there is a traceback.
        seconds: How long it took.
    """

    name: str
    outcome: Outcome
    detail: str
    seconds: float


class Report:
    """Collects results, shows each at once, and keeps the whole in a file.

    Attributes:
        results: What was found so far.
        logged: Errors that were logged, and belong to no result yet.
    """

    def __init__(
        self, heading: Sequence[str], *, stream: TextIO | None = None, file: Path | None = None
    ) -> None:
        """Begin a report.

        Args:
            heading: What was tested and where: its first lines.
            stream: Where each result is shown at once; None where there is no console.
            file: Where the whole is written, again and again.

        Raises:
            OSError: The file cannot be written.
        """
        self.results: list[Result] = []
        self.logged: list[str] = []
        self._begun = time.monotonic()
        self._heading = tuple(heading)
        self._stream = stream
        self._file = file
        self._running = ""
        self._keep()  # before anything is shown: a report that cannot be kept is not begun
        self._say([*self._heading, ""])

    @property
    def passed(self) -> bool:
        """Whether there were checks, and each of them passed."""
        return bool(self.results) and not self._failed()

    def begin(self, name: str) -> None:
        """Note that a check begins."""
        self._running = name
        self._keep()

    def add(self, result: Result) -> None:
        """Note what a check has found."""
        self._running = ""
        self.results.append(result)
        self._say(_lines(result))
        self._keep()

    def close(self) -> None:
        """Say what came of it all."""
        self._say(["", self._verdict()])
        self._keep(closed=True)

    def text(self, *, closed: bool = True) -> str:
        """Give the whole report."""
        lines = [*self._heading, ""]
        for result in self.results:
            lines += _lines(result)
        if closed:
            lines += ["", self._verdict()]
        elif self._running:
            lines += ["", f"The check “{self._running}” was going on, and has not ended."]
        return "\n".join(lines) + "\n"

    def _failed(self) -> list[str]:
        return [one.name for one in self.results if one.outcome is Outcome.FAILED]

    def _verdict(self) -> str:
        failed, count = self._failed(), len(self.results)
        seconds = time.monotonic() - self._begun
        if failed:
            return f"FAILED: {len(failed)} of {count} checks ({', '.join(failed)}); {seconds:.1f} s"
        return f"All {count} checks passed; {seconds:.1f} s"

    def _say(self, lines: Sequence[str]) -> None:
        if self._stream is None:
            return
        text = "\n".join(lines) + "\n"
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "replace").decode(encoding))
        self._stream.flush()

    def _keep(self, *, closed: bool = False) -> None:
        if self._file is not None:
            self._file.write_text(self.text(closed=closed), encoding="utf-8")


def _lines(result: Result) -> list[str]:
    head = f"  {result.outcome.value:<8}{result.name:<{_NAME_WIDTH}}{result.seconds:>6.2f} s  "
    lines: list[str] = []
    for paragraph in result.detail.splitlines() or [""]:
        indented = paragraph.startswith(" ")
        # What a traceback says keeps its form.
        lines += [paragraph] if indented else textwrap.wrap(paragraph, _WIDTH - len(head)) or [""]
    return [(head if not index else " " * len(head)) + line for index, line in enumerate(lines)]


# ---------------------------------------------------------------------------- one check


class Check:
    """Holds one check: whatever it raises becomes its result, and the next one can begin.

    An error that is logged meanwhile is a failure as well: a part that goes on without what it
    needs says so in the log only.

    Attributes:
        passed: Whether it has ended well.
    """

    def __init__(self, report: Report, name: str) -> None:
        self._report = report
        self._name = name
        self._found: list[str] = []
        self._begun = 0.0
        self._results_before = 0
        self._logged_before = 0
        self._watch = ExitStack()
        self.passed = False

    def found(self, what: str) -> None:
        """Say what was found."""
        self._found.append(what)

    def __enter__(self) -> Self:
        self._report.begin(self._name)
        self._watch.enter_context(_errors_logged(self._report))
        self._results_before = len(self._report.results)
        self._logged_before = len(self._report.logged)
        self._begun = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback_: TracebackType | None,
    ) -> bool:
        self._watch.close()
        logged = self._report.logged[self._logged_before :]
        del self._report.logged[self._logged_before :]
        if isinstance(error, KeyboardInterrupt | GeneratorExit):
            return False
        if isinstance(error, CheckFailed):
            problem = str(error)
        elif error is not None:
            problem = _unforeseen(error)
        elif logged:
            problem = "It went on, but said that something is wrong:\n" + "\n".join(logged)
        else:
            problem = ""
        self.passed = not problem
        # Checks that were held within this one have said how long they took.
        inner = sum(one.seconds for one in self._report.results[self._results_before :])
        self._report.add(
            Result(
                self._name,
                Outcome.PASSED if self.passed else Outcome.FAILED,
                _without_home(problem or "; ".join(self._found)),
                max(time.monotonic() - self._begun - inner, 0.0),
            )
        )
        return True


def _unforeseen(error: BaseException) -> str:
    """Tell of a bug: what it is and where it is; its words without what looks like a key."""
    words = log.redact(" ".join(str(error).split()))
    heading = f"{type(error).__name__}: {words}" if words else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST:]
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    cause = error.__cause__ or error.__context__
    because = [f"because of {type(cause).__name__}: {log.redact(str(cause))}"] if cause else []
    if isinstance(error, BaseExceptionGroup):
        because += [_unforeseen(one) for one in error.exceptions]
    return "\n".join([heading, *places, *because])


def _without_home(text: str) -> str:
    """Leave out where the user's own folder is: it often has the name of a person."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return text.replace(home, "~") if len(home) > 1 else text


class _ErrorWatch(logging.Handler):
    """Notes what is logged as an error, without what looks like a key."""

    def __init__(self, report: Report) -> None:
        super().__init__(logging.ERROR)
        self.report = report

    @override
    def emit(self, record: logging.LogRecord) -> None:
        words = log.redact(record.getMessage())
        self.report.logged.append(f"  {record.name}: {words.splitlines()[0] if words else ''}")


@contextmanager
def _errors_logged(report: Report) -> Iterator[None]:
    """Have the errors noted that are logged meanwhile; within another check, they are already."""
    root = logging.getLogger()
    if any(isinstance(one, _ErrorWatch) and one.report is report for one in root.handlers):
        yield
        return
    watch = _ErrorWatch(report)
    root.addHandler(watch)
    try:
        yield
    finally:
        root.removeHandler(watch)


def console() -> TextIO | None:
    """Give where a report is shown: nowhere for a program of Windows that has no console."""
    return sys.stdout
