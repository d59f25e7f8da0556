"""What the options that every command knows have set for this run."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

import click

from portctl.views.colour import Palette


class ColourChoice(StrEnum):
    """The value of `--color`."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(slots=True)
class CommonOptions:
    """Filled while the command line is parsed; `json` once a command knows that it answers in JSON.

    `if_interrupted`: what Ctrl-C leaves behind, as far as the command has come; nothing, for those that change nothing.
    """

    directory: pathlib.Path = pathlib.Path(".")
    debug: bool = False
    colour: ColourChoice = ColourChoice.AUTO
    json: bool = False
    if_interrupted: str = ""

    def palette(self, stream: TextIO) -> Palette:
        """Colours for `stream`: as asked for, else on a terminal that can show them unless NO_COLOR is set."""
        if self.colour is not ColourChoice.AUTO:
            return Palette(on=self.colour is ColourChoice.ALWAYS)
        able = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
        return Palette(on=able)


def current() -> CommonOptions:
    """The session of the command that is running."""
    return click.get_current_context().ensure_object(CommonOptions)
