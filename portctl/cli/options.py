"""Options that several commands share, and the typed values that they become."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import click

from portctl.cli.common_options import ColourChoice, CommonOptions, current
from portctl.cli.output import log_requests
from portctl.model.address import Address
from portctl.wire.retry import MAX_WAIT_SECONDS

Function = TypeVar("Function", bound=Callable[..., Any])
Command = Callable[..., Any]


class Form(StrEnum):
    """The value of `--format`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def addresses(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[Address, ...]:
    """The addresses that a repeatable option or argument spells."""
    return tuple(_address(text) for text in texts)


def address(_: click.Context, __: click.Parameter, text: str) -> Address:
    """The address that one argument spells."""
    return _address(text)


def _address(text: str) -> Address:
    parsed = Address.parse(text)
    if parsed is None:
        raise click.BadParameter(f"{text!r} is not an address like port/Action:deploy.")
    return parsed


def _pairs(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        name, equals, _value = text.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{text!r} is not of the form name=value.")
    return texts


FILE = click.Path(path_type=pathlib.Path)
"""Whether it can be used is found out by whoever uses it: that is no mistake in the command line's form."""

WORKERS = 8


def common(function: Function) -> Function:
    """`-C`, `--color` and `--debug`: known to every command and to the program itself."""
    for option in (_debug, _color, _chdir):
        function = option(function)
    return function


def _choices(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def wrapper(
            *,
            environment: str | None = None,
            value_files: tuple[pathlib.Path, ...] = (),
            sets: tuple[str, ...] = (),
            json_sets: tuple[str, ...] = (),
            workers: int = WORKERS,
            max_wait: int = MAX_WAIT_SECONDS,
            **others: Any,
        ) -> Any:
            from portctl.cli.wiring import Choices

            choices = Choices(
                directory=current().directory,
                environment=environment,
                value_files=value_files,
                sets=sets,
                json_sets=json_sets,
                workers=workers,
                max_wait_seconds=max_wait,
            )
            return function(choices=choices, **others)

        return _decorated(wrapper, *options)

    return decorate


def selection_options(function: Command) -> Command:
    """What a plan is restricted to and allowed to do; the command gets `options: PlanOptions`."""

    @functools.wraps(function)
    def wrapper(
        *,
        targets: tuple[Address, ...],
        labels: tuple[str, ...],
        allow_deletes: int | None,
        allow_destroy: tuple[Address, ...],
        adopt: tuple[Address, ...],
        rotate: tuple[Address, ...],
        **others: Any,
    ) -> Any:
        from portctl.model.plan import PlanOptions

        options = PlanOptions(
            targets=targets,
            labels=labels,
            allow_deletes=allow_deletes,
            allow_destroy=frozenset(allow_destroy),
            adopt=frozenset(adopt),
            rotate=frozenset(rotate),
        )
        return function(options=options, **others)

    return _decorated(wrapper, target_option, label_option, _allow_deletes, allow_destroy_option, _adopt, _rotate)


def format_options(*forms: Form) -> Callable[[Command], Command]:
    """`--format` with `forms` (left out when there are none) and `--json`; the command gets `form: Form`."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def wrapper(*, as_json: bool, form_name: str | None = None, **others: Any) -> Any:
            form = Form(form_name or (Form.JSON if as_json else Form.TEXT))
            if as_json and form is not Form.JSON:
                raise click.UsageError(f"--json and --format {form} contradict each other.")
            current().json = form is Form.JSON
            return function(form=form, **others)

        if not forms:
            return _decorated(wrapper, _json)
        choice = click.option(
            "--format", "form_name", type=click.Choice([form.value for form in forms]), help="How to print the result."
        )
        return _decorated(wrapper, choice, _json)

    return decorate


def _decorated(function: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        function = option(function)
    return function


def _set_directory(ctx: click.Context, _: click.Parameter, value: pathlib.Path | None) -> None:
    if value is not None:
        ctx.ensure_object(CommonOptions).directory = value


def _set_colour(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(CommonOptions).colour = ColourChoice(value)


def _set_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(CommonOptions).debug = True
        log_requests(on=True)


_chdir = click.option(
    "-C",
    "--chdir",
    type=FILE,
    callback=_set_directory,
    expose_value=False,
    help="Look for the project from this folder on.",
)
_color = click.option(
    "--color",
    type=click.Choice([choice.value for choice in ColourChoice]),
    callback=_set_colour,
    expose_value=False,
    help="Colours; auto: on a terminal, unless NO_COLOR is set.",
)
_debug = click.option(
    "--debug",
    is_flag=True,
    callback=_set_debug,
    expose_value=False,
    help="Log every request and show where an error came from.",
)

_environment = click.option("-e", "--environment", metavar="NAME", help="Environment; default: the project's.")
_values = click.option(
    "--values", "value_files", type=FILE, multiple=True, help="File with values, over the environment's."
)
_set = click.option("--set", "sets", callback=_pairs, multiple=True, metavar="A.B=TEXT", help="Set one value, as text.")
_set_json = click.option(
    "--set-json", "json_sets", callback=_pairs, multiple=True, metavar="A.B=JSON", help="Set one value, as JSON."
)
_workers = click.option(
    "--workers", type=click.IntRange(1, 64), default=WORKERS, show_default=True, help="Requests under way at once."
)
_max_wait = click.option(
    "--max-wait",
    type=click.IntRange(0, 86_400),
    default=MAX_WAIT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="The most that one request waits for a rate limit.",
)

target_option = click.option(
    "-t",
    "--target",
    "targets",
    callback=addresses,
    metavar="ADDRESS",
    multiple=True,
    help="Only this resource and what it needs.",
)
label_option = click.option(
    "-l",
    "--label",
    "labels",
    callback=_pairs,
    multiple=True,
    metavar="NAME=VALUE",
    help="Only resources with this label.",
)
_allow_deletes = click.option(
    "--allow-deletes", type=click.IntRange(0), metavar="N", help="Allow up to this many deletes."
)
allow_destroy_option = click.option(
    "--allow-destroy", callback=addresses, metavar="ADDRESS", multiple=True, help="Allow this resource to lose data."
)
_adopt = click.option(
    "--adopt",
    callback=addresses,
    metavar="ADDRESS",
    multiple=True,
    help="Take over this object, which exists and differs.",
)
_rotate = click.option(
    "--rotate", callback=addresses, metavar="ADDRESS", multiple=True, help="Send this resource's secrets again."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")

environment_option = _choices(_environment)
"""`-e`: the command gets `choices: wiring.Choices`, as with the two below."""

workspace_options = _choices(_environment, _values, _set, _set_json)
"""Environment and values."""

connected_options = _choices(_environment, _values, _set, _set_json, _workers, _max_wait)
"""Environment, values and how to talk to the services."""
