"""Random sequences of what a person does, next to a plain model of what must come out."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from typing_extensions import override

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.errors import HistoryError
from chatelaine.store.outline import NOTHING, Outline
from chatelaine.store.records import History, StepKind, TurnState
from chatelaine.store.session import ThreadSession
from chatelaine.store.store import ConversationStore

KEY = bytes(range(32))
IN_A_ROW = 40
STEPS = int(os.environ.get("CHATELAINE_STEPS", "1600"))
"""How many in all; tens of thousands take minutes."""
WORDS = st.text(alphabet="ab \n\U0001f600\u6f22", min_size=1, max_size=12)
ENDS = st.sampled_from([s for s in TurnState if s is not TurnState.RUNNING])


@dataclass(frozen=True)
class ModelTurn:
    """A turn as it must be read: what was said in it, and how it stands."""

    items: tuple[dict[str, Any], ...]
    state: TurnState

    @property
    def text(self):
        return "\n\n".join(item["content"] for item in self.items if item.get("role") == "user")


@dataclass(frozen=True)
class ModelStep:
    """A step, and which attribute of the thread it changes."""

    kind: StepKind
    name: str
    before: Any
    after: Any


@dataclass
class ModelThread:
    """What must come out: the shown turns, and the steps with what was before and after."""

    shown: tuple[int, ...] = ()
    steps: list[ModelStep] = field(default_factory=list)
    done: int = 0
    running: int | None = None
    draft: str = ""
    title: str = ""
    trashed: bool = False
    archived: bool = False
    folder: int | None = None
    composer: str = ""
    deleted: frozenset[int] = frozenset()

    @property
    def seen(self):
        """What is left of the turns on the path."""
        return tuple(turn for turn in self.shown if turn not in self.deleted)

    def step(self, kind, after):
        del self.steps[self.done :]
        self.steps.append(ModelStep(kind, "shown", self.shown, after))
        self.done += 1
        self.shown = after

    def change(self, kind, name, after):
        """Take a step that keeps what can be brought back of what was said."""
        before = getattr(self, name)
        if before == after and name != "title":
            return
        later = [step for step in self.steps[self.done :] if step.name == "shown"]
        self.steps[self.done :] = [ModelStep(kind, name, before, after), *later]
        self.done += 1
        setattr(self, name, after)


class Machine(RuleBasedStateMachine):
    threads = Bundle("threads")

    @initialize()
    def start(self):
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "history.db"
        self.store = self.wait(ConversationStore.open(self.path, KEY, create=True))
        self.folders = [self.wait(self.store.folders.create(name)).id for name in ("A", "B")]
        self.model: dict[int, ModelThread] = {}
        self.turns: dict[int, ModelTurn] = {}
        self.outlines: dict[int, Outline] = {}

    def wait(self, call):
        return self.runner.run(call)

    @override
    def teardown(self):
        if hasattr(self, "runner"):
            self.wait(self.store.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    # ------------------------------------------------------------------ what the model does

    def begin(self, thread, items):
        """Begin a turn with the number it will have."""
        model = self.model[thread]
        self.end(thread, TurnState.STOPPED)
        turn = max(self.turns, default=0) + 1
        self.turns[turn] = ModelTurn(tuple(items), TurnState.RUNNING)
        model.step(StepKind.TURN, (*model.shown, turn))
        model.running = turn
        return turn

    def end(self, thread, state):
        model = self.model[thread]
        if model.running is None:
            return
        turn = self.turns[model.running]
        items = turn.items
        if state is TurnState.STOPPED and self.answered(items):
            state = TurnState.DONE
        self.finish(thread, state)

    def finish(self, thread, state):
        model = self.model[thread]
        assert model.running is not None
        items = self.turns[model.running].items
        said = [item for item in items if item.get("role") == "assistant"]
        overtaken = said and said[-1]["content"][0]["text"].startswith(model.draft)
        if model.draft and state is not TurnState.DONE and not overtaken:
            items = (*items, assistant_message(model.draft, status="incomplete"))
        self.turns[model.running] = ModelTurn(items, state)
        model.running, model.draft = None, ""

    @staticmethod
    def answered(items):
        return bool(items) and items[-1].get("role") == "assistant"

    # ------------------------------------------------------------------ what a person does

    @rule(target=threads, title=st.sampled_from(["", "Given"]))
    def create(self, title):
        thread = self.wait(self.store.create_thread(title=title))
        self.model[thread.id] = ModelThread(title=title)
        return thread.id

    @rule(thread=threads, text=WORDS)
    def send(self, thread, text):
        turn = self.wait(self.store.begin_turn(thread, [user_message(text)]))
        assert turn.id == self.begin(thread, [user_message(text)])

    @rule(thread=threads)
    def ask_again(self, thread):
        model = self.model[thread]
        if not model.seen or model.running is not None or not self.turns[model.seen[-1]].text:
            return
        last = model.seen[-1]
        before = model.shown[: model.shown.index(last)]
        items = [user_message(self.turns[last].text)]

        async def ask():
            session = ThreadSession(
                self.store, await self.store.thread(thread), manage_turns=False, instead_of=last
            )
            read = await session.get_items()
            await session.add_items(items)
            return read, session.current_turn

        read, turn = self.wait(ask())
        kept = [number for number in before if number not in model.deleted]
        assert read == [item for number in kept for item in self.turns[number].items]
        assert turn.id == max(self.turns) + 1
        self.turns[turn.id] = ModelTurn(tuple(items), TurnState.RUNNING)
        model.step(StepKind.RETRY, (*before, turn.id))
        model.running = turn.id

    @rule(thread=threads, text=WORDS)
    def extend(self, thread, text):
        model = self.model[thread]
        items = [
            function_call("c", "clock", {}),
            function_call_output("c", text),
            assistant_message(text),
        ]
        if model.running is None:
            if model.shown:
                with pytest.raises(HistoryError):
                    self.wait(self.store.extend_turn(model.shown[-1], items))
            return
        self.wait(self.store.extend_turn(model.running, items))
        turn = self.turns[model.running]
        self.turns[model.running] = ModelTurn((*turn.items, *items), turn.state)
        model.draft = ""

    @rule(thread=threads, text=WORDS)
    def draft(self, thread, text):
        model = self.model[thread]
        if model.running is not None:
            self.wait(self.store.write_draft(model.running, text))
            model.draft = text

    @rule(thread=threads, state=ENDS)
    def stop(self, thread, state):
        model = self.model[thread]
        if model.running is not None:
            self.wait(self.store.end_turn(model.running, state))
            self.finish(thread, state)
        elif model.shown:
            self.wait(self.store.end_turn(model.shown[-1], state))

    @rule(thread=threads)
    def undo(self, thread):
        model = self.model[thread]
        if model.running is not None:
            with pytest.raises(HistoryError):
                self.wait(self.store.undo(thread))
            return
        reverted = self.wait(self.store.undo(thread))
        if model.done == 0:
            assert reverted is None
            return
        model.done -= 1
        step = model.steps[model.done]
        setattr(model, step.name, step.before)
        written = step.kind in (StepKind.TURN, StepKind.EDIT)
        text = self.turns[step.after[-1]].text if written else ""
        assert (reverted.kind, reverted.text) == (step.kind, text)

    @rule(thread=threads)
    def redo(self, thread):
        model = self.model[thread]
        if model.running is not None:
            with pytest.raises(HistoryError):
                self.wait(self.store.redo(thread))
            return
        reverted = self.wait(self.store.redo(thread))
        if model.done == len(model.steps):
            assert reverted is None
            return
        step = model.steps[model.done]
        setattr(model, step.name, step.after)
        model.done += 1
        assert (reverted.kind, reverted.text) == (step.kind, "")

    @rule(thread=threads)
    def clear(self, thread):
        model = self.model[thread]
        self.wait(self.store.clear(thread))
        self.end(thread, TurnState.STOPPED)
        if model.shown:
            model.step(StepKind.CLEAR, ())

    @rule(thread=threads)
    def pop(self, thread):
        model = self.model[thread]
        popped = self.wait(self.store.pop_item(thread))
        if not model.seen:
            assert popped is None
            return
        last = model.seen[-1]
        before = model.shown[: model.shown.index(last)]
        was_running = model.running is not None
        items = self.turns[last].items
        self.end(thread, TurnState.STOPPED)
        assert popped == items[-1]
        if len(items) == 1:
            model.step(StepKind.POP, tuple(before))
            return
        shorter = max(self.turns) + 1
        state = TurnState.RUNNING if was_running else self.turns[last].state
        self.turns[shorter] = ModelTurn(items[:-1], state)
        model.step(StepKind.POP, (*before, shorter))
        model.running = shorter if was_running else None

    @rule(thread=threads, place=st.integers(0, 9))
    def delete(self, thread, place):
        model = self.model[thread]
        if place >= len(model.shown):
            return
        turn = model.shown[place]
        if turn in model.deleted or turn == model.running:
            with pytest.raises(HistoryError):
                self.wait(self.store.delete_turn(thread, turn))
            return
        self.wait(self.store.delete_turn(thread, turn))
        model.change(StepKind.DELETE, "deleted", model.deleted | {turn})

    @rule(target=threads, thread=threads, place=st.integers(0, 9))
    def fork(self, thread, place):
        model = self.model[thread]
        shown = model.shown[: place + 1]
        if not shown or shown[-1] in model.deleted or shown[-1] == model.running:
            fork = self.wait(self.store.create_thread())
            self.model[fork.id] = ModelThread()
            return fork.id
        fork = self.wait(self.store.fork_thread(thread, shown[-1]))
        self.model[fork.id] = ModelThread(shown, folder=model.folder, deleted=model.deleted)
        return fork.id

    @rule(thread=threads, title=st.sampled_from(["One", "Another", "\u6f22\u5b57"]))
    def rename(self, thread, title):
        before = self.wait(self.store.thread(thread)).title
        model = self.model[thread]
        named = bool(model.title)
        self.wait(self.store.rename_thread(thread, title))
        if before != title or not named:
            model.change(StepKind.RENAME, "title", title)

    @rule(thread=threads)
    def trash(self, thread):
        self.wait(self.store.trash_thread(thread))
        self.model[thread].change(StepKind.TRASH, "trashed", True)

    @rule(thread=threads)
    def restore(self, thread):
        self.wait(self.store.restore_thread(thread))
        self.model[thread].change(StepKind.RESTORE, "trashed", False)

    @rule(thread=threads, archived=st.booleans())
    def archive(self, thread, archived):
        self.wait(self.store.archive_thread(thread, archived=archived))
        self.model[thread].change(StepKind.ARCHIVE, "archived", archived)

    @rule(thread=threads, number=st.sampled_from([None, 0, 1]))
    def move(self, thread, number):
        folder = None if number is None else self.folders[number]
        self.wait(self.store.move_thread(thread, folder))
        self.model[thread].change(StepKind.MOVE, "folder", folder)

    @rule(thread=threads, text=WORDS | st.just(""))
    def type(self, thread, text):
        self.wait(self.store.write_composer(thread, text))
        self.model[thread].composer = text

    @rule()
    def restart(self):
        self.wait(self.store.aclose())
        assert [file.name for file in self.folder.iterdir()] == ["history.db"]
        self.store = self.wait(ConversationStore.open(self.path, KEY))
        for thread in self.model:
            if self.model[thread].running is not None:
                self.finish(thread, TurnState.INTERRUPTED)

    # ------------------------------------------------------------------ what must hold

    @invariant()
    def threads_are_as_they_should_be(self):
        if not hasattr(self, "store"):
            return
        for trashed, archived in ((False, False), (False, True), (True, False)):
            found = self.wait(self.store.threads(trashed=trashed, archived=archived))
            wanted = {
                number
                for number, model in self.model.items()
                if model.trashed is trashed and (trashed or model.archived is archived)
            }
            assert {thread.id for thread in found} == wanted
            times = [thread.updated for thread in found]
            assert times == sorted(times, reverse=True)
            for thread in found:
                model = self.model[thread.id]
                assert thread.head == (model.shown[-1] if model.shown else None)
                assert model.title in ("", thread.title)
                assert (thread.folder, bool(thread.archived)) == (model.folder, model.archived)

    @invariant()
    def what_is_shown_is_what_was_said(self):
        for number, model in getattr(self, "model", {}).items():
            turns = self.wait(self.store.turns(number))
            assert [turn.id for turn in turns] == list(model.seen)
            assert self.wait(self.store.turns(number, limit=2)) == turns[-2:]
            self.outlines[number] = outline = self.wait(
                self.store.outline(number, self.outlines.get(number, NOTHING))
            )
            assert (outline.deleted, list(outline.turns)) == (model.deleted, list(model.shown))
            for turn in turns:
                expected = self.turns[turn.id]
                assert tuple(item.data for item in turn.items) == expected.items
                assert turn.state == expected.state
                assert turn.draft == (model.draft if turn.id == model.running else "")
            items = [item for turn in model.seen for item in self.turns[turn].items]
            assert self.wait(self.store.items(number)) == items
            assert self.wait(self.store.items(number, 2)) == items[-2:]
            assert self.wait(self.store.composer(number)) == model.composer
            assert self.wait(self.store.history(number)) == History(
                model.steps[model.done - 1].kind if model.done else None,
                model.steps[model.done].kind if model.done < len(model.steps) else None,
            )


Machine.TestCase.settings = settings(
    max_examples=max(STEPS // IN_A_ROW, 1),
    stateful_step_count=IN_A_ROW,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestStoreMachine = pytest.mark.timeout(300 + STEPS // 5)(Machine.TestCase)
