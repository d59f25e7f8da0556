"""Rules: jq that does not compile, or that Port's jq is too old for; templates whose braces do not match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.providers.port.rules.compiling import (
    AT_ONCE,
    CHARACTERS_AT_ONCE,
    LONGEST,
    MOST_CHARACTERS,
    MOST_PROGRAMS,
    MOST_WORDS,
    MOST_WRONG,
    TOO_MUCH,
    Compile,
    installed_compiler,
    words,
)
from portctl.providers.port.rules.programs import newer_than_port, programs, unbalanced
from portctl.providers.port.rules.shapes import Organisation
from portctl.source import Path

KINDS = ("Action", "ActionPermissions", "Automation", "Blueprint", "Webhook")
_COST_OF_TOO_MUCH = 20
"""A program that takes the compiler down takes the time of so many others with which something is wrong."""


def stray_braces(organisation: Organisation) -> Iterator[Finding]:
    """Port sends no text whose braces do not match: the run fails."""
    for resource in organisation.ours(*KINDS):
        for path in unbalanced(resource):
            yield Finding(
                resource=resource,
                path=path,
                summary="Template braces do not match",
                detail="Port refuses a text with a stray {{ or }} when it runs, also as literal text",
                hint="In jq, write nested objects with a blank between the braces: } }.",
            )


_Place = tuple[Resource, Path, str]


def _portions(waiting: Iterable[_Place]) -> Iterator[list[_Place]]:
    """As many at a time as are compiled together; a long one may come alone."""
    some: list[_Place] = []
    characters = together = 0
    for each in waiting:
        characters, together = characters + len(each[2]), together + words(each[2])
        if some and (len(some) == AT_ONCE or characters > CHARACTERS_AT_ONCE or together > LONGEST):
            yield some
            some, characters, together = [], len(each[2]), words(each[2])
        some.append(each)
    if some:
        yield some


class _Work:
    """What is known of a project's programs, and how much of what may be spent on compiling them is left."""

    def __init__(self, compile_all: Compile | None) -> None:
        self.newer: dict[str, str] = {}
        self.wrong: dict[str, str] = {}
        self.long: set[str] = set()
        self.left: set[str] = set()
        self.why = ""
        """Why nothing more is compiled, "" while it is."""
        self.said = False
        self._compile_all = compile_all
        self._compiled = self._characters = self._words = self._wrong = 0

    def do(self, programs: Sequence[str]) -> None:
        fresh = {program: newer_than_port(program) for program in programs if program not in self.newer}
        self.newer.update(fresh)
        if self._compile_all is None:
            return
        self.long.update(program for program, word in fresh.items() if not word and words(program) > LONGEST)
        wanted = [program for program, word in fresh.items() if not word and program not in self.long]
        self._compiled += len(wanted)
        self._words += sum(map(words, wanted))
        self._characters += sum(map(len, wanted))
        self.why = self.why or self._met()
        if self.why:
            self.left.update(wanted)
            return
        found = self._compile_all(wanted)
        self.wrong.update(found)
        self._wrong += sum(_COST_OF_TOO_MUCH if why == TOO_MUCH else 1 for why in found.values())

    def _met(self) -> str:
        if self._compiled > MOST_PROGRAMS:
            return f"the project has more than {MOST_PROGRAMS:,} different programs"
        if self._characters > MOST_CHARACTERS:
            return f"the project's different programs have more than {MOST_CHARACTERS:,} characters"
        if self._words > MOST_WORDS:
            return f"the project's different programs have more than {MOST_WORDS:,} words and signs"
        return "too many programs before it do not compile" if self._wrong >= MOST_WRONG else ""


def _left(resource: Resource, path: Path, why: str) -> Finding:
    return Finding(
        resource=resource,
        path=path,
        summary="jq was not compiled",
        detail=f"{why}: this and all that follow were only skimmed",
        hint="Correct the programs that are wrong, or divide the project.",
    )


def _unknown(resource: Resource, path: Path, why: str) -> Finding:
    return Finding(
        resource=resource,
        path=path,
        summary="jq was not compiled",
        detail=f"{why}: whether something is wrong with it is not known",
        hint="Divide it, or make it shorter.",
    )


def _unusable(resource: Resource, path: Path, program: str, summary: str, why: str) -> Finding:
    return Finding(
        resource=resource,
        path=path,
        summary=summary,
        detail=f"{why}. Port gives null for it, without an error",
        hint="Texts in jq stand in double quotes." if "'" in program else "",
    )


def unusable_programs(
    compiler: Callable[[], Compile | None] = installed_compiler,
) -> Callable[[Organisation], Iterator[Finding]]:
    """The check, with a compiler that may be missing."""

    def check(organisation: Organisation) -> Iterator[Finding]:
        work = _Work(compiler())
        waiting = ((each, *found) for each in organisation.ours(*KINDS) for found in programs(each))
        for some in _portions(waiting):
            work.do([program for _, _, program in some])
            for resource, path, program in some:
                if program in work.left and not work.said:
                    work.said = True
                    yield _left(resource, path, work.why)
                if work.newer[program]:
                    why = f"{work.newer[program]} is newer than jq 1.6, which Port runs"
                    yield _unusable(resource, path, program, "jq is newer than Port's", why)
                elif program in work.long:
                    yield _unknown(resource, path, f"it has more than {LONGEST:,} words and signs")
                elif work.wrong.get(program) == TOO_MUCH:
                    yield _unknown(resource, path, TOO_MUCH)
                elif program in work.wrong:
                    yield _unusable(resource, path, program, "jq does not compile", work.wrong[program])

    return check


def unchecked_programs(
    compiler: Callable[[], Compile | None] = installed_compiler,
) -> Callable[[Organisation], Iterator[Finding]]:
    """One finding when there is jq to compile and nothing to compile it with."""

    def check(organisation: Organisation) -> Iterator[Finding]:
        if compiler() is not None:
            return
        for resource in organisation.ours(*KINDS):
            for path, _ in programs(resource):
                yield Finding(
                    resource=resource,
                    path=path,
                    summary="jq was not compiled",
                    detail="the package `jq` is not installed, so this and all other programs were only skimmed",
                    hint="Install portctl-cli[sandbox].",
                )
                return

    return check
