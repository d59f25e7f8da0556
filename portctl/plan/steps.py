"""Turn changes into steps: what is written first, what is held back, and what waits for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portctl.compare.canonical import same
from portctl.model.change import Action, Change
from portctl.model.plan import Phase, Step
from portctl.model.resource import RemoteKey
from portctl.model.value import MISSING, Pending, get
from portctl.plan.graph import cycles, topological

_FIRST = {
    Action.CREATE: Phase.CREATE,
    Action.REPLACE: Phase.CREATE,
    Action.UPDATE: Phase.UPDATE,
    Action.RENAME: Phase.RENAME,
    Action.DELETE: Phase.DELETE,
    Action.ADOPT: Phase.LEDGER,
    Action.MOVE: Phase.LEDGER,
    Action.FORGET: Phase.LEDGER,
}


@dataclass(slots=True)
class _StepDraft:
    """A step that is still being wired."""

    change: Change
    phase: Phase
    needs: dict[str, None] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    held: dict[str, object] = field(default_factory=dict)


def build_steps(changes: Sequence[Change]) -> tuple[Step, ...]:
    """The steps of all changes that do anything, each after all it needs."""
    acting = [change for change in changes if change.action is not Action.NOOP]
    writing = {change.key: change for change in acting if change.action in (*_WRITES, Action.RENAME)}
    deleting = {change.key: change for change in acting if change.action is Action.DELETE}
    drafts: dict[str, _StepDraft] = {}
    for change in acting:
        drafts[_key(change, _FIRST[change.action])] = _StepDraft(change, _FIRST[change.action])
    deferred = _defer_cycles(writing, drafts)
    _order_writes(writing, drafts, deferred)
    _hold_back(writing, drafts)
    _order_deletes(deleting, writing, drafts)
    _make_room(deleting, writing, drafts)
    _replace(writing, drafts)
    steps = {
        key: Step(key, draft.change, draft.phase, tuple(draft.needs), draft.without, draft.held)
        for key, draft in drafts.items()
    }
    return tuple(steps[key] for key in topological({key: step.needs for key, step in steps.items()}))


_WRITES = (Action.CREATE, Action.REPLACE, Action.UPDATE)


def _defer_cycles(
    writing: Mapping[RemoteKey, Change], drafts: dict[str, _StepDraft]
) -> dict[RemoteKey, frozenset[str]]:
    """Open cycles: new members are written without their deferrable fields first, and completed afterwards.

    Where some of these fields lead over others of them, all members are connected before any is completed.
    Returns, for each member, the keys of the members' first steps: these no longer wait for each other.
    """
    opened: dict[RemoteKey, frozenset[str]] = {}
    for members in cycles({key: change.depends for key, change in writing.items()}):
        firsts = frozenset(_key(writing[key], _FIRST[writing[key].action]) for key in members)
        opened.update(dict.fromkeys(members, firsts))
        completed = []
        for change in (writing[key] for key in members):
            fields = tuple(name for name in change.kind.deferrable if change.after and name in change.after)
            leading = tuple(name for name in fields if name not in change.kind.connecting)
            if change.action is Action.CREATE and fields:
                drafts[_key(change, Phase.CREATE)].without = fields
                completed.append((change, leading))
            elif change.action is Action.UPDATE and _only_adds(change):
                changing = {edit.path[0] for edit in change.edits}
                leading = tuple(name for name in leading if name in changing)
                drafts[_key(change, Phase.UPDATE)].without = leading
                completed.extend([(change, leading)] if leading else ())
        _complete(completed, firsts, drafts)
    return opened


def _only_adds(change: Change) -> bool:
    """Whether what stands in other deferrable fields still holds once the connecting ones are written."""
    connecting = [edit for edit in change.edits if edit.path[0] in change.kind.connecting]
    return bool(change.kind.connecting) and all(edit.before is MISSING for edit in connecting)


def _complete(
    completed: Sequence[tuple[Change, tuple[str, ...]]], firsts: frozenset[str], drafts: dict[str, _StepDraft]
) -> None:
    """The later writes of the members of a cycle, each with the fields that lead over those of other members."""
    connections: dict[str, None] = {}
    rests: list[_StepDraft] = []
    for change, leading in completed:
        connects = leading != drafts[_key(change, _FIRST[change.action])].without
        for phase, without in ((Phase.CONNECT, leading), (Phase.COMPLETE, ())):
            if phase is Phase.CONNECT and not (connects and leading):
                continue
            draft = _StepDraft(change, phase, dict.fromkeys(sorted(firsts)), without)
            drafts[_key(change, phase)] = draft
            if without or not leading:
                connections[_key(change, phase)] = None
            else:
                rests.append(draft)
    for draft in rests:
        draft.needs.update(connections)


def _order_writes(
    writing: Mapping[RemoteKey, Change], drafts: dict[str, _StepDraft], opened: Mapping[RemoteKey, frozenset[str]]
) -> None:
    for key, change in writing.items():
        draft = drafts[_key(change, _FIRST[change.action])]
        complete = drafts.get(_key(change, Phase.COMPLETE))
        for need in change.depends:
            other = writing.get(need)
            if other is None:
                continue
            first = _key(other, _FIRST[other.action])
            inside = first in opened.get(key, frozenset())
            if not inside or _waits_inside(change, other):
                draft.needs[first] = None
            if not inside:
                _wait_for_completion(draft, complete, drafts, other)


def _waits_inside(change: Change, other: Change) -> bool:
    """Inside a cycle an update waits for what is created, since it is written whole; a new object only for what it
    needs even without its deferrable fields. What exists already is waited for by nobody."""
    if other.action is not Action.CREATE:
        return False
    return change.action is not Action.CREATE or other.key in change.firmly


def _wait_for_completion(
    draft: _StepDraft, complete: _StepDraft | None, drafts: Mapping[str, _StepDraft], other: Change
) -> None:
    """Who needs a member of a cycle from outside needs it whole."""
    key = _key(other, Phase.COMPLETE)
    if key in drafts and draft.change.kind is not other.kind:
        draft.needs[key] = None
    elif key in drafts and complete is None:
        draft.needs[key] = None


def _hold_back(writing: Mapping[RemoteKey, Change], drafts: dict[str, _StepDraft]) -> None:
    """Hold fields back until other resources are done: an action is published after its permissions."""
    for change in list(writing.values()):
        hold = change.kind.hold
        if hold is None or change.resource is None:
            continue
        waiting = [
            other
            for other in writing.values()
            if other.kind.full_name == hold.until and other.resource and other.resource.meta.within == change.address
        ]
        wanted = get(change.resource.attributes, (hold.field,))
        held_anyway = not isinstance(wanted, Pending) and wanted is not MISSING and same(wanted, hold.value)
        if not waiting or held_anyway or not _takes_effect(change, hold.field):
            continue
        first = drafts[_key(change, _FIRST[change.action])]
        first.held[hold.field] = hold.value
        complete = drafts.setdefault(_key(change, Phase.COMPLETE), _StepDraft(change, Phase.COMPLETE))
        complete.needs[_key(change, _FIRST[change.action])] = None
        for other in waiting:
            complete.needs[_key(other, _FIRST[other.action])] = None


def _takes_effect(change: Change, name: str) -> bool:
    """Whether this write is the one that would switch the held field on."""
    if change.action is Action.CREATE:
        return True
    return any(edit.path == (name,) for edit in change.edits)


def _order_deletes(
    deleting: Mapping[RemoteKey, Change], writing: Mapping[RemoteKey, Change], drafts: dict[str, _StepDraft]
) -> None:
    """Deletes run in reverse: after those that needed the object are gone or have been updated."""
    for members in cycles({key: change.depends for key, change in deleting.items()}):
        releases = [_key(deleting[key], Phase.RELEASE) for key in members]
        for key in members:
            change = deleting[key]
            drafts[_key(change, Phase.RELEASE)] = _StepDraft(change, Phase.RELEASE, without=change.kind.deferrable)
            drafts[_key(change, Phase.DELETE)].needs.update(dict.fromkeys(releases))
            deleting = {**deleting, key: replace(change, depends=_outside(change.depends, members))}
    for change in deleting.values():
        for need in change.depends:
            for phase in (Phase.RELEASE, Phase.DELETE) if need in deleting else ():
                if _key(deleting[need], phase) in drafts:
                    drafts[_key(deleting[need], phase)].needs[_key(change, Phase.DELETE)] = None
    for change in writing.values():
        complete = _key(change, Phase.COMPLETE)
        last = complete if complete in drafts else _key(change, _FIRST[change.action])
        for need in change.needed:
            for phase in (Phase.RELEASE, Phase.DELETE) if need in deleting else ():
                if _key(deleting[need], phase) in drafts:
                    drafts[_key(deleting[need], phase)].needs[last] = None


def _make_room(
    deleting: Mapping[RemoteKey, Change], writing: Mapping[RemoteKey, Change], drafts: dict[str, _StepDraft]
) -> None:
    """What goes, and has its successor of another kind at the same place of the service, goes first."""
    going = {(key[0], change.kind.collection, key[2]): change for key, change in deleting.items()}
    for key, change in writing.items():
        old = going.get((key[0], change.kind.collection, key[2])) if change.kind.collection else None
        if change.action is Action.CREATE and old is not None:
            first = drafts[_key(old, Phase.DELETE)]
            first.needs = {need: None for need in first.needs if drafts[need].phase is Phase.DELETE}
            drafts[_key(change, Phase.CREATE)].needs[_key(old, Phase.DELETE)] = None


def _replace(writing: Mapping[RemoteKey, Change], drafts: dict[str, _StepDraft]) -> None:
    """What is replaced is created first; the old one goes once everything that used it uses the new one."""
    for key, change in writing.items():
        if change.action is Action.REPLACE:
            users = [other for other in writing.values() if key in other.depends]
            needs = [_key(other, _FIRST[other.action]) for other in (change, *users)]
            needs += [_key(other, Phase.COMPLETE) for other in users if _key(other, Phase.COMPLETE) in drafts]
            drafts[_key(change, Phase.DELETE)] = _StepDraft(change, Phase.DELETE, dict.fromkeys(needs))


def _outside(depends: Iterable[RemoteKey], members: Sequence[RemoteKey]) -> tuple[RemoteKey, ...]:
    return tuple(key for key in depends if key not in members)


def _key(change: Change, phase: Phase) -> str:
    return f"{phase} {change.address} {'/'.join(change.identity)}"
