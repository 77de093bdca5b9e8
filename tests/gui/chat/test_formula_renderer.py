from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from chatelaine.gui.chat import formula_setting
from chatelaine.gui.chat import formulas as module
from chatelaine.gui.chat.blocks.sources import FormulaRequest
from chatelaine.gui.chat.formula_setting import CannotSetError, draw
from chatelaine.gui.chat.formulas import FormulaRenderer

APP = Path(__file__).resolve().parents[3] / "app"


def request(tex: str, **changes) -> FormulaRequest:
    return FormulaRequest(tex, 15.0, "#112233", 1.0)._replace(**changes)


def size(tex: str, *, display: bool = False) -> tuple[float, float]:
    drawing = draw(tex, 15, "#000000", display=display)
    return drawing.width, drawing.height


# ---------------------------------------------------------------------------- setting


@pytest.mark.parametrize(
    "tex",
    [
        r"x^2",
        r"\frac{1}{\sqrt{2\pi\sigma^2}} e^{-\frac{(x-\mu)^2}{2\sigma^2}}",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}^{-1}",
        r"\begin{bmatrix} a & b \end{bmatrix}_{n}^{\top} + \begin{vmatrix} a \end{vmatrix}_1",
        r"f(x)=\begin{cases}\frac{x^2}{2}&x>0\\\sqrt{1-x}&x\le0\end{cases}",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"a_0+\cfrac{1}{a_1+\cfrac{1}{a_2+\cfrac{1}{a_3+\cfrac{1}{a_4}}}}",
        r"\text{if } x < 0",
        r"\mathbb{E}[X] \approx \mathcal{L}(\boldsymbol{\theta})",
        r"E = mc^2 \tag{1} \label{eq:energy}",
        r"x \in \{1, \dots, n\}",
    ],
)
def test_what_people_write_is_set(tex):
    width, height = size(tex, display=True)
    assert 5 < width < 600
    assert 5 < height < 200


def test_a_drawing_stands_on_its_line():
    plain, deep = (draw(tex, 15, "#000000", display=False) for tex in ("x", r"\frac{x}{y}"))
    assert plain.height - plain.ascent < 2.5
    assert deep.height - deep.ascent > 5


def test_a_formula_on_its_own_line_has_more_room():
    assert size(r"\frac{a}{b}", display=True)[1] > size(r"\frac{a}{b}")[1]


@pytest.mark.parametrize(
    "tex", ["", " ", "%", r"\frac{", r"\left(", "\x00", "\ud800", "&", "x" * 2001]
)
def test_what_is_no_formula_is_told_as_such(tex):
    with pytest.raises(CannotSetError):
        draw(tex, 15, "#000000", display=False)


@pytest.mark.parametrize(
    "level", [(r"\frac{1}{", "}"), ("x^{y_{", "}}"), (r"\begin{cases}", r"\end{cases}"), ("{", "}")]
)
def test_what_is_nested_without_end_is_given_up(level):
    opening, closing = level
    with pytest.raises(CannotSetError):
        draw(opening * 24 + "x" + closing * 24, 15, "#000000", display=True)
    assert formula_setting._font.steps == formula_setting._MOST_STEPS + 1
    assert size("x")[0] > 5, "the next one is set all the same"


def test_what_would_be_as_large_as_a_house_is_not_drawn():
    with pytest.raises(CannotSetError):
        draw(r"\text{" + "M" * 1900 + "}", 15, "#000000", display=False)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(r"\frac", r"\sqrt", r"\text", r"\left", r"\right"),
                *(r"\begin{matrix}", r"\end{matrix}"),
                *"{}()[]^_&\\$#%~<>/!'\"x1 \n",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_nothing_but_a_refusal_comes_out(tex):
    try:
        drawing = draw(tex, 15, "#000000", display=False)
    except CannotSetError:
        return
    assert drawing.width > 0
    assert b"<svg" in drawing.svg


@pytest.mark.parametrize(
    "tex",
    [
        r"\input{%s}",
        r"\include{%s}",
        r"\includegraphics{%s}",
        r"\href{file://%s}{x}",
        r"\openin5=%s \read5 to\line",
        r"\text{<image href='file://%s'/>}",
        r"\text{<!DOCTYPE x [<!ENTITY e SYSTEM 'file://%s'>]>&e;}",
    ],
)
def test_no_file_is_read_and_nothing_is_run(tex, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("")
    # Every file that is opened and every program that is started is told by the interpreter.
    program = (
        "import sys\n"
        "from chatelaine.gui.chat import formula_setting as f\n"
        "f.draw('x', 15, '#000000', display=False)\n"
        "seen = []\n"
        "def hook(event, args):\n"
        "    if event in {'open', 'subprocess.Popen', 'os.system', 'socket.connect', 'exec'}:\n"
        "        seen.append((event, str(args[0])[:200]))\n"
        "sys.addaudithook(hook)\n"
        "try:\n"
        "    made = f.draw(sys.argv[1], 15, '#000000', display=True).svg\n"
        "except f.CannotSetError:\n"
        "    made = b''\n"
        "print([entry for entry in seen if entry[0] != 'exec'])\n"
        "assert b'file:' not in made and b'<image' not in made\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, tex % secret],
        env={"PYTHONPATH": str(APP)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


# ---------------------------------------------------------------------------- the worker


def test_a_formula_is_there_some_time_later(qapp, qtbot):
    renderer = FormulaRenderer()
    with qtbot.waitSignal(renderer.ready):
        assert renderer.find(request("x^2")) is None
        assert not renderer.is_idle
    found = renderer.find(request("x^2"))
    assert found is not None
    assert found.image is not None
    assert found.width == pytest.approx(found.image.width())
    qtbot.waitUntil(lambda: renderer.is_idle)


def test_it_has_the_colour_and_the_resolution_that_were_wanted(qapp, qtbot):
    renderer = FormulaRenderer()
    once, twice = request("m"), request("m", ratio=2.0, colour="#ff0000")
    for wanted in (once, twice):
        with qtbot.waitSignal(renderer.ready):
            renderer.find(wanted)
    one, two = renderer.find(once), renderer.find(twice)
    assert one
    assert two
    assert one.image
    assert two.image
    assert two.image.width() == pytest.approx(2 * one.image.width(), abs=2)
    assert two.width == pytest.approx(one.width, abs=1)
    solid = {
        two.image.pixelColor(x, y).name()
        for x in range(two.image.width())
        for y in range(two.image.height())
        if two.image.pixelColor(x, y).alpha() == 255
    }
    assert solid == {QColor("#ff0000").name()}


def test_one_that_cannot_be_set_is_told_as_such_and_holds_up_no_other(qapp, qtbot):
    renderer = FormulaRenderer()
    wrong, right = request(r"\frac{" * 30), request("x")
    renderer.find(right)
    renderer.find(wrong)
    qtbot.waitUntil(lambda: renderer.find(wrong) is not None and renderer.find(right) is not None)
    found = renderer.find(wrong)
    assert found
    assert found.image is None


def test_many_are_set_by_one_worker_and_told_together(qapp, qtbot, monkeypatch):
    at_work, told = threading.Lock(), []
    threads, together = set(), []
    real = module._set

    def watched(wanted):
        threads.add(threading.get_ident())
        together.append(not at_work.acquire(blocking=False))
        try:
            return real(wanted)
        finally:
            if not together[-1]:
                at_work.release()

    monkeypatch.setattr(module, "_set", watched)
    renderer = FormulaRenderer()
    renderer.ready.connect(lambda: told.append(1))
    wanted = [request(f"x_{{{number}}}") for number in range(20)]
    for one in wanted:
        renderer.find(one)
    qtbot.waitUntil(lambda: all(renderer.find(one) is not None for one in wanted))
    qtbot.waitUntil(lambda: renderer.is_idle)
    assert threading.get_ident() not in threads
    assert len(together) == 20
    assert not any(together)
    assert len(told) < 20


def test_only_so_many_are_remembered(qapp, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    renderer = FormulaRenderer()
    for number in range(6):
        with qtbot.waitSignal(renderer.ready):
            renderer.find(request(str(number)))
    assert len(renderer._known) == 3
    assert renderer._pixels == sum(module._pixels(made) for made in renderer._known.values())


def test_what_waits_too_long_is_forgotten(qapp, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_WAITING", 2)
    hold = threading.Event()
    real = module._set
    monkeypatch.setattr(module, "_set", lambda wanted: (hold.wait(10), real(wanted))[1])
    renderer = FormulaRenderer()
    wanted = [request(str(number)) for number in range(6)]
    for one in wanted:
        renderer.find(one)
    hold.set()
    qtbot.waitUntil(lambda: renderer.is_idle)
    assert 2 <= len(renderer._known) <= 3
    assert wanted[-1] in renderer._known


def test_formulas_that_are_forgotten_while_they_are_set_are_not_kept(qapp, qtbot):
    renderer = FormulaRenderer()
    with qtbot.waitSignal(renderer.ready):
        renderer.find(request("y"))
    renderer.find(request("x"))
    renderer.forget()
    assert renderer.is_idle
    with qtbot.waitSignal(renderer.ready):
        renderer.find(request("z"))
    assert list(renderer._known) == [request("z")]
