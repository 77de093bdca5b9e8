from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatelaine import errors
from chatelaine.errors import ChatelaineError, HistoryError, KeyringLocked, ThreadMissing
from chatelaine.gui.failures import Failure, FailureBanner, Tone, describe, kind_of, show
from chatelaine.gui.theme import palette as palettes

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SECRET = "sk-secret and what somebody wrote"

FORESEEN = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ChatelaineError)
]


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    return window


def fail(error: Exception, cause: Exception | None = None) -> NoReturn:
    raise error from cause


@pytest.mark.parametrize("kind", FORESEEN, ids=lambda kind: kind.__name__)
def test_a_foreseen_failure_speaks_its_own_words(kind: type[ChatelaineError]) -> None:
    failure = describe(kind("This can be done about it."))
    assert failure == Failure(kind.default_title, "This can be done about it.")


def test_a_group_with_a_foreseen_failure_in_it_speaks_the_words_of_that_one() -> None:
    inner = ExceptionGroup("tasks", [ValueError(SECRET), ThreadMissing("It was deleted.")])
    failure = describe(ExceptionGroup("more tasks", [inner]))
    assert failure == Failure(ThreadMissing.default_title, "It was deleted.")


def test_a_bug_is_shown_by_kind_and_place_and_never_by_its_text() -> None:
    with pytest.raises(ValueError, match="sk-secret") as caught:
        fail(ValueError(SECRET), cause=KeyError(SECRET))
    failure = describe(caught.value)
    everything = failure.title + failure.message + failure.details
    assert "ValueError" in failure.details
    assert "caused by\nKeyError" in failure.details
    assert "test_failures.py" in failure.details
    assert "mistake in the program" in failure.message
    assert SECRET not in everything
    assert "raise" not in failure.details
    assert str(__file__).rsplit("/", 1)[0] not in everything


def test_the_details_of_a_bug_lead_to_the_code_of_the_program() -> None:
    with pytest.raises(AttributeError) as wrong:
        FailureBanner.clear(None)  # type: ignore[arg-type] # a bug on purpose
    assert "  gui/failures.py:" in describe(wrong.value).details


def test_every_bug_of_a_group_is_outlined() -> None:
    failure = describe(ExceptionGroup("tasks", [ValueError(SECRET), TypeError(SECRET)]))
    assert "ValueError" in failure.details
    assert "TypeError" in failure.details
    assert SECRET not in failure.details


def test_the_box_opens_without_blocking_and_closes_by_key(qtbot: QtBot, window: QWidget) -> None:
    window.show()
    box = show(window, Failure("The disk is full", "Make some room and <b>try</b> again."))
    qtbot.waitUntil(box.isVisible)
    assert box.isModal()
    assert box.text() == "The disk is full"
    assert box.informativeText() == "Make some room and <b>try</b> again."
    assert box.textFormat() == Qt.TextFormat.PlainText
    QTest.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChildren(QMessageBox) == [])


def test_the_same_failure_is_not_shown_twice_at_a_time(qtbot: QtBot, window: QWidget) -> None:
    window.show()
    failure = Failure("The disk is full", "Make some room.")
    box = show(window, failure)
    qtbot.waitUntil(box.isVisible)
    assert show(window, failure) is box
    other = show(window, Failure("The disk is full", "Another message."))
    assert other is not box
    assert len(window.findChildren(QMessageBox)) == 2


@pytest.fixture
def banner(window: QWidget) -> FailureBanner:
    window.resize(480, 300)
    banner = FailureBanner(window)
    banner.setGeometry(0, 0, 480, 120)
    window.show()
    return banner


def words(banner: FailureBanner) -> list[str]:
    return [label.text() for label in banner.findChildren(QLabel) if label.text()]


def test_the_banner_says_what_happened_and_offers_what_can_be_done(banner: FailureBanner) -> None:
    assert not banner.isVisible()
    called: list[str] = []
    banner.show_failure(
        describe(KeyringLocked("It is locked.")),
        {"Try again": lambda: called.append("again"), "Settings…": lambda: called.append("set")},
    )
    assert banner.isVisible()
    assert words(banner) == [KeyringLocked.default_title, "It is locked."]
    button = next(b for b in banner.findChildren(QPushButton) if b.text() == "Try again")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert called == ["again"]


def test_a_new_failure_takes_the_place_of_the_one_before(
    qtbot: QtBot, banner: FailureBanner
) -> None:
    banner.show_failure(Failure("One", "First."), {"Old button": lambda: None})
    banner.show_failure(Failure("Two", "Second."), {"New button": lambda: None})

    def visible() -> list[str]:
        return [b.text() for b in banner.findChildren(QPushButton) if b.isVisible()]

    qtbot.waitUntil(lambda: visible() == ["New button"])
    assert words(banner) == ["Two", "Second."]


def test_the_banner_can_be_closed_from_the_keyboard(banner: FailureBanner) -> None:
    banner.show_failure(Failure("One", "First."), {})
    close = banner.findChild(QToolButton)
    assert isinstance(close, QToolButton)
    assert close.accessibleName()
    close.setFocus()
    dismissed: list[bool] = []
    banner.dismissed.connect(lambda: dismissed.append(True))
    QTest.keyClick(close, Qt.Key.Key_Space)
    assert dismissed == [True]
    assert not banner.isVisible()


@pytest.mark.parametrize(
    ("tone", "role"),
    [(Tone.INFO, "accent_soft"), (Tone.WARNING, "warning_soft"), (Tone.DANGER, "danger_soft")],
)
def test_the_ground_tells_how_grave_it_is(banner: FailureBanner, tone: Tone, role: str) -> None:
    banner.show_failure(Failure("One", "First."), {}, tone)
    ground = banner.grab().toImage().pixelColor(2, 2).name()
    assert ground == getattr(palettes.current(), role)


def test_a_long_message_is_shown_whole_in_a_narrow_window(qtbot: QtBot, window: QWidget) -> None:
    banner = FailureBanner()
    column = QVBoxLayout(window)
    column.addWidget(banner)
    column.addStretch(1)
    window.resize(480, 600)
    window.show()
    banner.show_failure(Failure("One", "Many words. " * 40), {"Do it": lambda: None})
    message = banner.findChild(QLabel, "failureMessage")
    assert isinstance(message, QLabel)
    qtbot.waitUntil(lambda: message.height() >= message.heightForWidth(message.width()) > 0)
    assert banner.width() <= 480


def test_a_notice_goes_when_its_reason_is_gone(banner: FailureBanner) -> None:
    dismissed: list[bool] = []
    banner.dismissed.connect(lambda: dismissed.append(True))
    banner.show_failure(Failure("One", "First."), {})
    banner.clear()
    assert not banner.isVisible()
    assert dismissed == []


def test_of_the_kinds_of_an_error_nothing_of_its_words_is_told() -> None:
    secret = "marker-of-what-was-said"
    error = HistoryError(secret)
    error.__cause__ = OSError(secret)
    assert kind_of(error) == "HistoryError because of OSError"
    group = ExceptionGroup(secret, [ValueError(secret), KeyError(secret)])
    assert kind_of(group) == "ValueError and KeyError"
