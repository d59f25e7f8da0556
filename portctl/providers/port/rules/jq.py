"""Rules: jq that does not compile, or that Port's jq is too old for; templates whose braces do not match."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portctl.manifest.lint import Finding
from portctl.providers.port.rules.programs import (
    Compile,
    installed_compiler,
    newer_than_port,
    programs,
    unbalanced,
)
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


def unusable_programs(
    compiler: Callable[[], Compile | None] = installed_compiler,
) -> Callable[[Organisation], Iterator[Finding]]:
    """The check, with a compiler that may be missing."""

    def check(organisation: Organisation) -> Iterator[Finding]:
        compile_program = compiler()
        for resource in organisation.ours(*KINDS):
            for path, program in programs(resource):
                newer = newer_than_port(program)
                if newer:
                    summary, why = "jq is newer than Port's", f"{newer} is newer than jq 1.6, which Port runs"
                elif compile_program is not None and (why := compile_program(program)):
                    summary = "jq does not compile"
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
