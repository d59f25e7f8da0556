"""What a script does, read without running it: which columns it sends under which keys, and where to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portctl.providers.servicenow.es5.node import Node
from portctl.providers.servicenow.es5.words import listed

_RECORDS = ("current", "previous")
_READS = ("getValue", "getDisplayValue", "getElement")
_MESSAGE = "RESTMessageV2"
_MOST_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One key of a body that is sent as JSON, and the columns of the record that its value is made of."""

    key: str
    columns: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Message:
    """A REST message that a script uses; "" where the name is not written out."""

    name: str
    function: str
    line: int


def messages(script: Node) -> Iterator[Message]:
    """Every `new sn_ws.RESTMessageV2('name', 'function')`."""
    for node in script.all():
        if node.kind == "new" and node.parts[0].kind == "member" and node.parts[0].text == _MESSAGE:
            words = [part.text if part.kind == "text" else "" for part in node.parts[1:3]]
            if len(words) == 2:
                yield Message(words[0], words[1], node.line)


def sent_keys(script: Node) -> tuple[Sent, ...]:
    """The keys of every object that `JSON.stringify` gets, directly or by the variable that it is assigned to."""
    values = _Values(script)
    found: list[Sent] = []
    for node in script.all():
        if node.kind == "call" and _is_stringify(node.parts[0]) and len(node.parts) > 1:
            body = node.parts[1]
            for source in values.of(body):
                found.extend(
                    Sent(part.text, tuple(dict.fromkeys(values.columns(part))), part.line)
                    for part in source.parts
                    if source.kind == "object"
                )
    return tuple(found)


def read_columns(script: Node) -> Iterator[tuple[str, int]]:
    """Every column of the record that the script names, with its line."""
    for node in script.all():
        column = _column(node)
        if column:
            yield column, node.line


def _is_stringify(node: Node) -> bool:
    return node.kind == "member" and node.text == "stringify" and node.parts[0].text == "JSON"


class _Values:
    """What the variables of a script may hold: everything that is assigned to them anywhere."""

    def __init__(self, script: Node) -> None:
        self._assigned: dict[str, list[Node]] = {}
        self._given: set[str] = set()
        self._steps = 0
        for node in script.all():
            if node.kind == "declare" and node.parts:
                self._assigned.setdefault(node.text, []).append(node.parts[0])
            elif node.kind == "assign" and node.parts[0].kind == "name":
                self._assigned.setdefault(node.parts[0].text, []).append(node.parts[1])

    def of(self, node: Node) -> Iterable[Node]:
        """`node`, or what the variable that it is may hold; that of each variable is given once."""
        if node.kind != "name":
            return (node,)
        if node.text in self._given:
            return ()
        self._given.add(node.text)
        return self._assigned.get(node.text, ())

    def columns(self, value: Node) -> Iterator[str]:
        """The columns that a value is made of, also by way of variables. Of a script that goes on and on: none."""
        waiting = [value]
        seen: set[str] = set()
        while waiting and self._steps < _MOST_STEPS:
            node = waiting.pop()
            self._steps += 1
            column = _column(node)
            if column:
                yield column
            waiting.extend(reversed(node.parts))
            if node.kind == "name" and not column and node.text not in seen:
                seen.add(node.text)
                held = self._assigned.get(node.text, ())
                waiting.extend(each for each in reversed(held) if each.kind != "function")


def _column(node: Node) -> str:
    """The column that `current.getValue('column')`, `current.getUniqueValue()` or `current.column` names."""
    if node.kind == "call" and node.parts[0].kind == "member" and node.parts[0].parts[0].text in _RECORDS:
        method = node.parts[0].text
        if method == "getUniqueValue":
            return "sys_id"
        if method in _READS and len(node.parts) > 1 and node.parts[1].kind == "text":
            return node.parts[1].text
        return ""
    if node.kind == "member" and node.parts[0].kind == "name" and node.parts[0].text in _RECORDS:
        return "" if node.text in _METHODS else node.text
    return ""


_METHODS = listed(
    "getValue getDisplayValue getElement getUniqueValue getTableName getRecordClassName isNewRecord "
    "isValidRecord isValidField operation changes update setValue setAbortAction setWorkflow nil getLink "
    "autoSysFields"
)
