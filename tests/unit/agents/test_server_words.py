from __future__ import annotations

import pytest

from chatelaine.agents.models.server_words import ServerWords, words_in_body

KEY = "sk-proj-Abc123Def456"


@pytest.mark.parametrize(
    ("body", "message", "names"),
    [
        (
            '{"error": {"message": "no", "type": "Bad", "code": "x_y", "param": null}}',
            "no",
            {"bad", "x_y"},
        ),
        (
            '{"error": {"message": "no", "code": 429, "status": "EXHAUSTED"}}',
            "no",
            {"429", "exhausted"},
        ),
        ('{"error": "no"}', "no", set()),
        ('{"detail": "Not Found"}', "Not Found", set()),
        (
            '{"detail": [{"loc": ["body", "x"], "msg": "bad x"}, {"msg": "bad y"}]}',
            "bad x; bad y",
            set(),
        ),
        ('{"message": "no", "type": "invalid"}', "no", {"invalid"}),
        ('[{"error": {"message": "no"}}]', "no", set()),
        ('"no"', "no", set()),
        ("404 page not found", "404 page not found", set()),
        ("<html><body>502 Bad Gateway</body></html>", "", set()),
        ('{"error": {"message": ["no"], "code": {}}}', "", set()),
        ('{"error": 7}', "", set()),
        ("[]", "", set()),
        ("null", "", set()),
        ("", "", set()),
        ("[" * 100_000, "[" * 100_000, set()),
    ],
)
def test_what_a_server_says_is_found_in_each_usual_shape(
    body: str, message: str, names: set[str]
) -> None:
    assert words_in_body(body) == ServerWords(message, frozenset(names))


@pytest.mark.parametrize(
    "message",
    [
        f"Incorrect API key provided: {KEY}.",
        "Incorrect API key provided: sk-proj-****************f456. You can find ...",
        "Incorrect API key provided: sk-pr*****56.",
        "Bad header: Bearer abc123def",
        "The token 0123456789abcdef0123456789abcdef is not known",
        "gsk_Ab12Cd34 was revoked",
    ],
)
def test_whatever_looks_like_a_key_is_masked(message: str) -> None:
    shown = ServerWords(message).quoted(KEY)

    for part in (KEY, "f456", "56.", "abc123def", "0123456789abcdef", "Ab12Cd34"):
        assert part not in shown
    assert "…" in shown


def test_other_words_are_shown_as_they_are() -> None:
    message = "The model `deepseek-r1-distill-qwen-32b` wants key-value pairs, see task-3."

    assert ServerWords(message).quoted(KEY) == f" It says: “{message}”"


def test_long_words_are_shortened_and_put_on_one_line() -> None:
    shown = ServerWords("very \n\t long " * 200).quoted("")

    assert len(shown) < 330
    assert "\n" not in shown
    assert shown.endswith("…”")


def test_nothing_is_added_where_nothing_was_said() -> None:
    assert not ServerWords(" \n").quoted("")
