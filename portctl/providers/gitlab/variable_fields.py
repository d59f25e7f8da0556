"""What the two kinds of variables share."""

from __future__ import annotations

from portctl.model.kind import Readable
from portctl.model.value import Attributes, Sealed

DEFAULTS = {
    "environment_scope": "*",
    "variable_type": "env_var",
    "protected": False,
    "masked": False,
    "hidden": False,
    "raw": False,
}
_KNOWN = frozenset((*DEFAULTS, "key", "value", "description"))
SCOPE_FILTER = {"filter[environment_scope]": "{environment_scope}"}
"""Without it GitLab refuses a key that stands in several scopes."""

SHOWN = (
    Readable("description", "Write it as the `value` of a variable with `hidden: true`, and say here what it is for."),
)
"""GitLab masks and hides values, and nothing else."""

REMARKS = (
    "`hidden: true` stands for `masked_and_hidden`. Turning it on or off deletes the variable and creates it again.",
    "Nothing shows a hidden value, nor when it was written: plans say so, and `--rotate` sends it again.",
    "GitLab shows masked values to who may read variables; here they are shown to nobody, and compared by fingerprint.",
    "A masked value has one line, no blank and at least 8 characters, of a small alphabet unless `raw` is set.",
)


def decode(item: Attributes) -> Attributes:
    """What GitLab masks in logs is sealed before anything else sees it. Fields that we do not know are not ours."""
    known = {name: value for name, value in item.items() if name in _KNOWN}
    value = known.get("value")
    if isinstance(value, str) and (item.get("masked") is True or item.get("hidden") is True):
        return {**known, "value": Sealed((value,))}
    return known


def encode(attributes: Attributes) -> Attributes:
    """The scope of the list and the flag `hidden` are no parameters; what is hidden is masked.

    Flags are always sent: what an update leaves out may keep a value that somebody else gave it.
    """
    flags = {name: default for name, default in DEFAULTS.items() if name not in ("environment_scope", "hidden")}
    body = flags | {key: value for key, value in attributes.items() if key not in ("group", "hidden")}
    if body.get("masked_and_hidden") is True:
        return {key: value for key, value in body.items() if key != "masked"}
    return {**body, "masked": True} if attributes.get("hidden") is True else body


def canonical(attributes: Attributes) -> Attributes:
    """What is hidden is masked, and a masked value is shown nowhere."""
    result = {**attributes, "masked": True} if attributes.get("hidden") is True else attributes
    value = result.get("value")
    if result.get("masked") is True and isinstance(value, str):
        return {**result, "value": Sealed((value,))}
    return result
