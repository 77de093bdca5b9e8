"""The report of a self-test: what each check has found, and what came of all of them."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from chatelaine.selftest.report import Check, CheckFailed, Outcome, Report

if TYPE_CHECKING:
    from pathlib import Path

    from support.guards import LogWatch


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return Report(["Self-test"], stream=io.StringIO(), file=tmp_path / "report.txt")


def written(tmp_path: Path) -> str:
    return (tmp_path / "report.txt").read_text("utf-8")


def test_a_check_that_passes_says_what_it_found(report: Report, tmp_path: Path):
    with Check(report, "fonts") as check:
        check.found("6 fonts")
    report.close()
    assert report.passed
    (result,) = report.results
    assert (result.name, result.outcome, result.detail) == ("fonts", Outcome.PASSED, "6 fonts")
    assert result.seconds >= 0
    text = written(tmp_path)
    assert "  ok      fonts " in text
    assert "6 fonts" in text
    assert "All 1 checks passed" in text
    assert text == report.text()


def test_what_is_shown_at_once_is_what_is_written(tmp_path: Path):
    shown = io.StringIO()
    report = Report(["Self-test"], stream=shown, file=tmp_path / "report.txt")
    with Check(report, "fonts") as check:
        check.found("6 fonts")
        assert "fonts" not in shown.getvalue()
    assert "6 fonts" in shown.getvalue()
    report.close()
    assert shown.getvalue() == written(tmp_path)


def test_a_check_that_fails_does_not_stop_the_others(report: Report, tmp_path: Path):
    with Check(report, "fonts"):
        raise CheckFailed("No font was shipped.")
    with Check(report, "symbols") as check:
        check.found("all are drawn")
    report.close()
    assert not report.passed
    assert [result.outcome for result in report.results] == [Outcome.FAILED, Outcome.PASSED]
    assert "FAILED: 1 of 2 checks (fonts)" in written(tmp_path)
    assert "No font was shipped." in written(tmp_path)


def test_a_bug_is_told_with_its_place_and_without_keys(report: Report, tmp_path: Path):
    with Check(report, "vault"):
        raise ValueError(f"the key is {'ab' * 32}")
    text = written(tmp_path)
    assert "ValueError: the key is [redacted]" in text
    assert "test_report.py:" in text
    assert "in test_a_bug_is_told_with_its_place_and_without_keys" in text
    assert "ab" * 32 not in text


def test_where_the_users_folder_is_is_not_told(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", "/home/marker-of-a-name")
    with Check(report, "fonts"):
        raise CheckFailed("/home/marker-of-a-name/font.otf is missing")
    assert "marker-of-a-name" not in written(tmp_path)
    assert "~/font.otf" in written(tmp_path)


def test_an_error_that_is_only_logged_is_a_failure(report: Report, logs: LogWatch):
    logs.expect("cannot be used")
    with Check(report, "fonts"):
        logging.getLogger("chatelaine.theme").error("the font %s cannot be used", "Inter")
    with Check(report, "symbols") as check:
        check.found("all are drawn")
    assert [result.outcome for result in report.results] == [Outcome.FAILED, Outcome.PASSED]
    assert "chatelaine.theme: the font Inter cannot be used" in report.results[0].detail


def test_what_is_within_another_check_has_its_own_result(report: Report, logs: LogWatch):
    logs.expect("it is gone")
    with Check(report, "loop") as check:
        with Check(report, "inner"):
            logging.getLogger("chatelaine").error("it is gone")
        check.found("it runs")
    assert [(one.name, one.outcome) for one in report.results] == [
        ("inner", Outcome.FAILED),
        ("loop", Outcome.PASSED),
    ]


def test_a_check_that_takes_the_process_down_is_known_by_the_report(report: Report, tmp_path: Path):
    report.begin("application")
    assert "“application” was going on" in written(tmp_path)
    assert not report.passed


def test_long_details_are_broken_under_their_beginning(report: Report):
    with Check(report, "fonts") as check:
        check.found("word " * 60)
    lines = [line for line in report.text().splitlines() if "word" in line]
    assert len(lines) > 1
    assert {line.index("word") for line in lines} == {lines[0].index("word")}
    assert max(map(len, lines)) <= 100


def test_a_console_that_knows_few_letters_gets_what_it_knows(tmp_path: Path):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    report = Report(["Self-test"], stream=console, file=None)
    with Check(report, "fonts"):
        raise CheckFailed("“Inter” is missing")
    console.seek(0)
    assert "?Inter? is missing" in console.read()
