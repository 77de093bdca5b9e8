from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.markup import highlight as module
from chatelaine.markup.highlight import Highlighting, Mark, Tint, highlight

PYTHON = '''\
class Shelf(list):
    """Holds *things*."""

    @property
    def first(self) -> int:
        # the first one
        return self[0] if len(self) > 0 and True else -1.5
'''


def tints(code: str, language: str) -> dict[str, Tint]:
    return {code[mark.start : mark.end]: mark.tint for mark in highlight(code, language)}


def test_each_kind_of_word_has_its_tint():
    found = tints(PYTHON, "python")
    assert found["class"] is Tint.KEYWORD
    assert found["Shelf"] is Tint.TYPE
    assert found["first"] is Tint.NAME
    assert found["@property"] is Tint.NAME
    assert found["# the first one"] is Tint.COMMENT
    assert found["int"] is Tint.CONSTANT
    assert found["and"] is Tint.KEYWORD
    assert found["True"] is Tint.CONSTANT
    assert found["0"] is Tint.NUMBER
    assert found['"""Holds *things*."""'] is Tint.STRING


def test_a_patch_shows_what_comes_and_goes():
    found = tints("--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n", "diff")
    assert found["-old"] is Tint.REMOVED
    assert found["+new"] is Tint.ADDED


@pytest.mark.parametrize("language", ["", "no-such-language", "text", "plaintext"])
def test_what_is_no_known_language_has_no_colours(language: str):
    assert highlight("class x: pass", language) == ()


@pytest.mark.parametrize("language", ["Python", "py", "JS", "c++", "bash", "json", "html", "yaml"])
def test_languages_are_known_by_the_names_that_people_write(language: str):
    assert highlight('x = "y" <b>{"a": 1}</b>', language)


def test_of_very_long_code_the_first_lines_have_colours(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 12)
    assert highlight("x = 1 + 22\n", "python")
    assert highlight("x = 1\ny = 222222\n", "python") == highlight("x = 1\n", "python")
    assert highlight("x = 1 + 2222222", "python") == ()


SAMPLES = {
    "python": PYTHON * 3,
    "javascript": (
        "/** Doc\n * of two\n */\nconst f = async (a) => {\n  return `t ${a} z\n  more`;\n};\n"
        "class A extends B { get x() { return /re[/]x/g.test(this.y); } }\n"
    ),
    "typescript": (
        "interface P<T> { a: string; b?: number[] }\n/* of\n two */\n"
        "export function f<T>(x: T): Promise<T> {\n  return x as any; // c\n}\n"
    ),
    "sql": "-- c\nSELECT a, 'it''s' AS b FROM t WHERE x > 1.5 /* of\n two */ GROUP BY a;\n",
    "bash": 'for i in $(ls); do echo "$i" # c\ndone\ncat <<EOF\nhere $x\nEOF\ny=$((1+2))\n',
    "json": '{\n  "a": [1, 2.5, true, null],\n  "b": {"c": "d"}\n}\n',
    "c": (
        "#include <stdio.h>\n#define M(x) \\\n  ((x)+1)\n/* of\n two */\n"
        "static size_t f(int a, uint8_t *b)\n{\n  return sizeof(a) + 0x1F; // c\n}\n"
    ),
    "cpp": (
        "template <class T> class A : public B {\n  std::vector<T> v; /* of\n two */\n"
        '  const char* r = R"(raw\ntext)";\n};\n'
    ),
    "rust": (
        "/// doc\nfn main() -> Result<(), E> {\n  let x: u32 = 5; /* a /* b */ c\n */\n"
        "  println!(\"{}\", x);\n}\n#[derive(Debug)]\nstruct S<'a> { a: &'a str }\n"
    ),
    "go": (
        'package main\nimport "fmt"\n/* of\ntwo */\nfunc (s *T) F(a int) (string, error) {\n'
        "  r := `raw\nstring`\n  return fmt.Sprint(r), nil // c\n}\n"
    ),
    "html": (
        "<!DOCTYPE html>\n<style>\na { color: red; }\n</style>\n<script>\nvar x = 'y';\n</script>\n"
        '<!-- of\ntwo -->\n<body class="a"\n id=b>&amp; text</body>\n'
    ),
    "css": "@media (max-width: 10px) {\n /* of\n two */\n a.b:hover > c#d { color: #fff }\n}\n",
    "yaml": "# c\na: 1\nb:\n  - 'x'\n  - &n y\nc: |\n  block\n  text\nd: *n\n",
    "diff": "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n",
}
WRONG_FOR_A_WHILE = {"c", "cpp", "html", "json", "yaml"}
"""Known apart by what comes lines later, or looked at from time to time alone."""


@pytest.mark.parametrize("language", SAMPLES)
def test_code_that_has_grown_has_the_colours_of_the_whole(language: str):
    code = SAMPLES[language] * 3
    growing = Highlighting(language)
    for end in range(0, len(code) + 3, 3):
        end_before = 0
        for mark in growing.grow(code[:end]):
            assert end_before <= mark.start < mark.end <= end
            assert "\n" not in code[mark.start : mark.end]
            end_before = mark.end
    if language not in WRONG_FOR_A_WHILE:
        assert growing.grow(code) == highlight(code, language)
    assert growing.finish() == highlight(code, language)


@pytest.mark.parametrize("language", sorted(set(SAMPLES) - {"json", "yaml"}))
def test_a_line_is_looked_at_once(language: str):
    code = SAMPLES[language] * 20
    growing = Highlighting(language)
    for line in range(1, code.count("\n") + 1):
        growing.grow("\n".join(code.split("\n")[:line]) + "\n")
    # A comment of several lines is looked at again once its end is there.
    assert growing.lexed_characters < 1.5 * len(code)


def test_other_code_is_looked_at_anew():
    growing = Highlighting("python")
    growing.grow("class A:\n")
    assert growing.grow("def f(): pass\n") == highlight("def f(): pass\n", "python")
    assert Highlighting("no-such-language").grow("class A:\n") == ()


@given(
    st.lists(
        st.sampled_from(["/*", "*/", "`", '"', "'''", "x", "\n", " ", "<<E", "E", "<!--", "{"]),
        max_size=20,
    ),
    st.sampled_from(sorted(SAMPLES)),
)
def test_whatever_grows_ends_with_the_colours_of_the_whole(pieces: list[str], language: str):
    growing, code = Highlighting(language), ""
    for piece in pieces:
        code += piece
        growing.grow(code)
    assert growing.finish() == highlight(code, language)


@given(st.text(max_size=80), st.sampled_from(["python", "json", "bash", "html", "diff", "c"]))
def test_marks_are_in_order_and_within_the_code(code: str, language: str):
    end = 0
    for mark in highlight(code, language):
        assert end <= mark.start < mark.end <= len(code)
        end = mark.end


def test_code_with_many_comments_of_several_lines_grows_line_by_line():
    code = "/*\n a\n*/\nint x;\n" * 1200
    growing = Highlighting("js")
    assert growing.grow(code)
    assert growing.finish() == highlight(code, "js")


@pytest.mark.parametrize(
    ("language", "middle"),
    [("ocaml", "let n = " + "1" * 50_000), ("matlab", "\n" * 50_000), ("c", " \n" * 50_000)],
)
def test_what_a_lexer_would_look_at_for_seconds_is_left_out(language: str, middle: str):
    code = f'a = "one"\n{middle}\nb = "two"\n'
    coloured = [code[mark.start : mark.end] for mark in highlight(code, language)]
    assert '"one"' in coloured
    assert '"two"' in coloured
    assert not any("1" in words for words in coloured)
    growing = Highlighting(language)
    growing.grow(code)
    assert growing.finish() == highlight(code, language)


def test_what_is_left_out_moves_no_colour():
    line = "x = 'a'  # b"
    for between in ("y" * 700, "\n" * 30, "\n  " * 40, "z" * 700 + "\n" * 50 + "z" * 700):
        code = f"{line}\n{between}\n{line}\n\n{between}\n\n{line}"
        expected = [(mark.end - mark.start, mark.tint) for mark in highlight(line, "python")] * 3
        found = highlight(code, "python")
        assert [(mark.end - mark.start, mark.tint) for mark in found] == expected
        assert [code[mark.start : mark.end] for mark in found[-2:]] == ["'a'", "# b"]


def test_no_block_has_a_worker_for_itself(monkeypatch: pytest.MonkeyPatch):
    assert len(highlight("if x: pass\n" * 10, "python")) > 10
    monkeypatch.setattr(module, "_MOST_SECONDS", 0.0)
    assert highlight("if x: pass\n" * 10, "python") == (Mark(0, 2, Tint.KEYWORD),)


def test_words_that_were_looked_at_can_be_forgotten():
    growing = Highlighting("c")
    growing.grow("".join(f"int secret_{number};\n" for number in range(50)))
    assert module._type_kind.cache_info().currsize
    module.forget()
    assert not module._type_kind.cache_info().currsize
    assert highlight("int x;", "c" * 60) == ()
