"""Rules: jq that does not compile, or that Port's jq is too old for; templates whose braces do not match."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from portctl.manifest.lint import Finding
from portctl.providers.port.rules.compiling import AT_ONCE, Compile, installed_compiler
from portctl.providers.port.rules.programs import newer_than_port, programs, unbalanced
from portctl.providers.port.rules.shapes import Organisation

KINDS = ("Action", "ActionPermissions", "Automation", "Blueprint", "Webhook")


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


def _uncompiled(_: Sequence[str]) -> Mapping[str, str]:
    return {}


def unusable_programs(
    compiler: Callable[[], Compile | None] = installed_compiler,
) -> Callable[[Organisation], Iterator[Finding]]:
    """The check, with a compiler that may be missing."""

    def check(organisation: Organisation) -> Iterator[Finding]:
        compile_all = compiler() or _uncompiled
        waiting = ((each, *found) for each in organisation.ours(*KINDS) for found in programs(each))
        newer: dict[str, str] = {}
        wrong: dict[str, str] = {}
        while some := list(islice(waiting, AT_ONCE)):
            fresh = {program: newer_than_port(program) for _, _, program in some if program not in newer}
            newer.update(fresh)
            wrong.update(compile_all([program for program, word in fresh.items() if not word]))
            for resource, path, program in some:
                if newer[program]:
                    summary, why = "jq is newer than Port's", f"{newer[program]} is newer than jq 1.6, which Port runs"
                elif program in wrong:
                    summary, why = "jq does not compile", wrong[program]
                else:
                    continue
                yield Finding(
                    resource=resource,
                    path=path,
                    summary=summary,
                    detail=f"{why}. Port gives null for it, without an error",
                    hint="Texts in jq stand in double quotes." if "'" in program else "",
                )

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
