"""Stages of an approval plan as values, and as the plain data that is stored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from portal_core.i18n import _
from portal_core.inbox.flow import TaskSpec

# Who approves. ``default``: the holders of the task's permission within the scope that the plugin names.
DEFAULT, ROLE, LEADER, PARENT_LEADER, USER, FIELD = "default", "role", "leader", "parent_leader", "user", "field"
RULES = {
    DEFAULT: _("Those in charge of it"),
    LEADER: _("Head of the applicant's unit"),
    PARENT_LEADER: _("Head of the unit above"),
    ROLE: _("Holders of a role"),
    USER: _("Named persons"),
    FIELD: _("Persons named in the form"),
}

# How many of several approvers must agree.
ANY, EVERY, IN_TURN = "any", "all", "in_turn"
MODES = {ANY: _("Any one of them"), EVERY: _("All of them"), IN_TURN: _("One after the other")}

# What becomes of an applicant, or of whoever typed the case, who is an approver of it.
FORBIDDEN, SKIPPED, PASSED_UP = "forbidden", "skipped", "passed_up"
SELF_APPROVALS = {
    FORBIDDEN: _("Others decide"),
    SKIPPED: _("Counts as agreed"),
    PASSED_UP: _("The head of the unit above decides"),
}

STAGES_MAX, USERS_MAX = 10, 20
TITLE_MAX, DUE_MAX = 40, 400


@dataclass(frozen=True)
class Stage:
    """One stage. ``role``, ``users`` and ``field`` belong to the rules of these names; ``users`` keep their order.

    ``due_hours``: working hours until it is due, None as the flow says. ``own`` is one of ``SELF_APPROVALS``.
    """

    title: str = ""
    rule: str = DEFAULT
    role: str = ""
    users: tuple[int, ...] = ()
    field: str = ""
    mode: str = ANY
    due_hours: float | None = None
    own: str = FORBIDDEN


@dataclass(frozen=True)
class Plan:
    """The stages by which a step is approved; ``id`` is None for the flow's own rule, which is a single stage.

    ``once``: whoever agreed in one stage need not agree again in the next.
    """

    stages: tuple[Stage, ...] = (Stage(),)
    once: bool = False
    id: int | None = None


OWN_RULE = Plan()


def to_data(stage: Stage) -> dict[str, Any]:
    """What is stored of a stage."""
    return asdict(stage) | {"users": list(stage.users)}


def from_data(data: Mapping[str, Any]) -> Stage:
    """The stage that was stored as ``data``. What an older release did not know has its default."""
    known = {name: data[name] for name in Stage.__dataclass_fields__ if name in data}
    return Stage(**known | {"users": tuple(known.get("users", ()))})


def heading(stage: Stage, spec: TaskSpec) -> Any:
    """What the stage is called: its own title, else its rule; the flow's own rule is called by what the task asks for."""
    if stage.title:
        return stage.title
    return spec.verb if stage.rule == DEFAULT else RULES[stage.rule]
