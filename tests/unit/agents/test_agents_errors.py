"""The library's errors: a tree with words for people."""

from __future__ import annotations

import inspect
import re
from typing import Any

from chatelaine.agents import errors
from chatelaine.agents.errors import AgentsError, ModelError, RateLimited, ServerFailed

CLASSES: list[Any] = [each for each in vars(errors).values() if inspect.isclass(each)]


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"    ((?:[|] {3}| {4})*)(?:[+]-- )?([A-Z]\w+)(?: |$)", line):
            depth = len(match[1]) // 4 + ("+--" in line)
            above[depth:] = [match[2]]
            drawn[match[2]] = above[depth - 1] if depth else "Exception"
    assert drawn == {each.__name__: each.__base__.__name__ for each in CLASSES}


def test_each_error_has_a_title_and_a_message() -> None:
    for each in CLASSES:
        error = each("What can be done.")
        assert error.message == str(error) == "What can be done."
        assert error.title == each.default_title
        assert each("Text.", title="Title").title == "Title"


def test_a_model_error_knows_the_status() -> None:
    assert ServerFailed("It failed.", status=503).status == 503
    assert ModelError("It failed.").status is None
    limited = RateLimited("Wait.", status=429, retry_after=2.5)
    assert (limited.status, limited.retry_after) == (429, 2.5)
    assert isinstance(limited, AgentsError)
