"""`portctl schema`."""

from __future__ import annotations

import click

from portctl.cli.options import common
from portctl.cli.output import write_json
from portctl.errors import InvalidInput


@click.command("schema")
@click.argument("kind", required=False)
@common
def command(kind: str | None) -> None:
    """Print the JSON Schema of manifests.

    It is for an editor, or a check of your own. With KIND (port/Action), of that kind alone.
    """
    from portctl.findings import did_you_mean, listing
    from portctl.manifest.schema import export_schema
    from portctl.providers.catalogue import catalogue

    kinds = catalogue()
    if kind is not None and kind not in kinds:
        detail = f'There is no kind "{kind}".{did_you_mean(kind, kinds)}'
        raise InvalidInput("Unknown kind", detail, hint=f"Known kinds: {listing(kinds)}.")
    write_json(export_schema(kinds if kind is None else {kind: kinds[kind]}))
