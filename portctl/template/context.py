"""What placeholders may read and call besides values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portctl.findings import did_you_mean, listing
from portctl.model.address import Address
from portctl.model.kind import Kind
from portctl.model.value import Attributes, OutputRef, Pending, Sealed, SecretRef, Value, pending
from portctl.template.expression import Function
from portctl.template.placeholder import PlaceholderError


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The environment's name and the fields of its instances.

    `secrets` are the declared names; whether one has a value is not asked here.
    """

    environment: str
    providers: Mapping[str, Attributes]
    secrets: frozenset[str]


def functions(catalogue: Mapping[str, Kind]) -> Mapping[str, Function]:
    """`secret()` and `output()`; what they name is checked against the catalogue, not against what is declared."""

    def secret(name: Value) -> Value:
        if not isinstance(name, str) or not name:
            raise TypeError("the name of a secret must be text that is not empty")
        return Sealed((SecretRef(name),))

    def output(address: Value, field: Value) -> Value:
        if not isinstance(address, str) or not isinstance(field, str):
            raise TypeError("an address and the name of an output must be text")
        return _output(address, field, catalogue)

    return {
        "secret": Function("secret('NAME')", secret),
        "output": Function("output('provider/Kind:name', 'field')", output),
    }


def _output(text: str, field: str, catalogue: Mapping[str, Kind]) -> Pending:
    address = Address.parse(text)
    if address is None:
        raise PlaceholderError(
            "Malformed address", f'"{text}" is not an address such as port/Webhook:name.', rule="output"
        )
    kind = catalogue.get(address.kind_name)
    if kind is None:
        detail = f'There is no kind "{address.kind_name}".{did_you_mean(address.kind_name, catalogue)}'
        raise PlaceholderError("Unknown kind", detail, hint=f"Known kinds: {listing(catalogue)}.", rule="output")
    found = kind.output(field)
    if found is None:
        names = [output.name for output in kind.outputs]
        known = f"Its outputs: {listing(names)}." if names else "It has no outputs."
        detail = f'A {kind.full_name} has no output "{field}".{did_you_mean(field, names)}'
        raise PlaceholderError("Unknown output", detail, hint=known, rule="output")
    return pending((OutputRef(address, field, found.secret),))
