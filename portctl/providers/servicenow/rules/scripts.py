"""Rules about the scripts of business rules. Source: ServiceNow docs, "Business rules"; "JavaScript engine"."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.manifest.lint import Finding
from portctl.providers.servicenow.es5.names import free_names, later_functions
from portctl.providers.servicenow.rules.shapes import Instance, mapping, script_of, sources_of
from portctl.providers.servicenow.scripts import messages

_CHANGES = ("changes", "changesTo", "changesFrom")


def not_es5(instance: Instance) -> Iterator[Finding]:
    """Rules outside of scoped applications run in ES5 mode."""
    for rule in instance.ours("BusinessRule"):
        for source in sources_of(rule):
            if source.problem is not None:
                yield Finding(
                    resource=rule,
                    path=source.at(source.problem.line),
                    summary="Not ECMAScript 5",
                    detail=source.problem.text,
                    hint="ServiceNow would refuse the script when it runs, and only its log would say so.",
                )
            for node, name in later_functions(source.tree) if source.tree else ():
                yield Finding(
                    resource=rule,
                    path=source.at(node.line),
                    summary="Not ECMAScript 5",
                    detail=f"`{name}` came after ES5",
                    hint="Use what ES5 has: indexOf, substring, a loop.",
                )


def undefined_names(instance: Instance) -> Iterator[Finding]:
    """A name that nothing defines ends the script when it is reached."""
    for rule in instance.ours("BusinessRule"):
        for source in sources_of(rule):
            for node in free_names(source.tree) if source.tree else ():
                yield Finding(
                    resource=rule,
                    path=source.at(node.line),
                    summary="Undefined name",
                    detail=f"nothing defines `{node.text}`: not the script, not the language, not the server's API",
                    hint="Declare it with `var`, or correct it. A script include of yours is `global.NAME`.",
                )


def blind_asynchronous(instance: Instance) -> Iterator[Finding]:
    """An asynchronous script runs later, on the record as it is by then."""
    for rule in instance.ours("BusinessRule"):
        source = script_of(rule) if rule.attributes.get("when") == "async" else None
        for node in source.tree.all() if source and source.tree else ():
            asks = node.kind == "call" and node.parts[0].kind == "member" and node.parts[0].text in _CHANGES
            if source and (asks or (node.kind == "name" and node.text == "previous")):
                what = f"`{node.parts[0].text}()` is always false" if asks else "`previous` is not there"
                yield Finding(
                    resource=rule,
                    path=source.at(node.line),
                    summary="Nothing of before is known here",
                    detail=f"in the script of an asynchronous rule {what}",
                    hint="Ask in `condition` or `filter_condition`: those are evaluated when the record is saved.",
                )


def unknown_messages(instance: Instance) -> Iterator[Finding]:
    """A REST message that is not there ends the script."""
    declared = {
        name: set(mapping(message.attributes, "functions"))
        for message in instance.of("RestMessage")
        if isinstance(name := message.attributes.get("name"), str)
    }
    for rule in instance.ours("BusinessRule"):
        source = script_of(rule)
        for used in messages(source.tree) if source and source.tree else ():
            if source is None or not used.name or used.function in declared.get(used.name, ()):
                continue
            known = used.name in declared
            what = f'"{used.name}" has no function "{used.function}"' if known else f'there is no "{used.name}"'
            yield Finding(
                resource=rule,
                path=source.at(used.line),
                summary="Unknown REST message",
                detail=f"of the REST messages that are declared, {what}",
                hint="Declare it; `management: observe` is enough for one that is managed elsewhere.",
            )
