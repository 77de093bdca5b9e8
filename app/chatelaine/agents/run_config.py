"""What can be chosen for one run, whatever its agents and its session say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from chatelaine.agents.agent import model_named
from chatelaine.agents.errors import UserError
from chatelaine.agents.models.protocol import Model, ModelSettings
from chatelaine.agents.sessions.turns import as_settings

if TYPE_CHECKING:
    from chatelaine.agents.agent import Agent
    from chatelaine.agents.handoffs import HandoffInputFilter
    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.sessions.protocol import SessionSettings

OnBusy: TypeAlias = Literal["wait", "error", "allow"]
OnFailedTurn: TypeAlias = Literal["replace", "keep", "drop"]
SessionInputCallback: TypeAlias = Callable[
    [list[Any], list[Any]],
    "list[TResponseInputItem] | Awaitable[list[TResponseInputItem]]",
]
"""Makes the input of a model of the session's items and the new ones; it may be async."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What can be chosen for one run.

    Attributes:
        model: Who answers instead of the models of the agents; a name is one at the Responses API.
        model_settings: What it sets wins over the settings of the agents.
        handoff_input_filter: What chooses what an agent sees that was handed the conversation,
            where the handoff has no filter of its own.
        session_settings: What is set in it wins over the settings of the session, for what the
            model gets to see. A limit of items is cut where a turn begins, if one does within it.
        session_input_callback: Gets copies of what the session gave and of the new items; what it
            returns is what the model sees. The session keeps the new items as they were passed,
            and nothing that the callback made.
        on_busy: What to do while another run is going on in the session: "wait" for its end,
            raise `SessionBusy` ("error"), or run all the same ("allow"), so that questions and
            answers may be mixed.
        on_failed_turn: What becomes of a question that was not answered, because its run failed or
            was stopped: where it is asked again, it is not stored a second time ("replace"), or it
            is ("keep"); "drop" takes it out of the session again when the run fails, unless
            something of an answer was stored.
        keep_partial: Whether the text that was streamed is stored where the run is stopped.
        start_with_last_agent: Whether the agent begins that answered last in the session, where the
            given one can hand over to it, directly or through others.

    Raises:
        UserError: One of them is something else.
        ValueError: The settings of the session are negative.
    """

    model: Model | str | None = None
    model_settings: ModelSettings | None = None
    handoff_input_filter: HandoffInputFilter | None = None
    session_settings: SessionSettings | Mapping[str, Any] | None = None
    session_input_callback: SessionInputCallback | None = None
    on_busy: OnBusy = "wait"
    on_failed_turn: OnFailedTurn = "replace"
    keep_partial: bool = True
    start_with_last_agent: bool = False
    _made: list[Model] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, known in (("on_busy", OnBusy), ("on_failed_turn", OnFailedTurn)):
            if getattr(self, name) not in get_args(known):
                words = ", ".join(repr(each) for each in get_args(known))
                raise UserError(f"{name} is one of {words}; not {getattr(self, name)!r}.")
        for name in ("session_input_callback", "handoff_input_filter"):
            chosen = getattr(self, name)
            if chosen is not None and not callable(chosen):
                raise UserError(f"{name} is a function; not {chosen!r}.")
        if self.session_settings is not None:
            object.__setattr__(self, "session_settings", as_settings(self.session_settings))

    def model_for(self, agent: Agent) -> Model:
        """Give the model that answers for an agent. One that is only named is made once.

        Raises:
            MissingCredentials: The model is only named, and there is no API key for it.
        """
        if self.model is None:
            return agent.get_model()
        if not isinstance(self.model, str):
            return self.model
        if not self._made:
            self._made.append(model_named(self.model))
        return self._made[0]

    def model_settings_for(self, agent: Agent) -> ModelSettings:
        """Give an agent's settings with those of the run in their place, where it has any."""
        wins = self.model_settings
        if wins is None:
            return agent.model_settings
        usual = ModelSettings()
        changes = {
            each.name: getattr(wins, each.name)
            for each in fields(wins)
            if getattr(wins, each.name) != getattr(usual, each.name)
        }
        if wins.extra_body:
            changes["extra_body"] = {**agent.model_settings.extra_body, **wins.extra_body}
        return replace(agent.model_settings, **changes)

    def session_settings_over(self, own: object) -> SessionSettings:
        """Give the settings of a session with those of the run in their place."""
        return as_settings(own).resolve(
            None if self.session_settings is None else as_settings(self.session_settings)
        )
