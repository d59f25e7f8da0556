"""The guide that this project comes from, as it is printed: Port's definitions and the pipeline, read from its page."""

from __future__ import annotations

import copy
import json
import pathlib
import re
import textwrap
from dataclasses import dataclass, field
from typing import Any

import yaml

PAGE = pathlib.Path(__file__).parents[4] / "shared" / "seeds" / "001_68737dabdc97c954.md"
_BLOCK = re.compile(r"^ *```(json|yaml) showLineNumbers\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@dataclass(slots=True)
class Guide:
    """`definitions`: by identifier. `prepared`: what the reader has set up besides, in words of the repairs."""

    blueprint: dict[str, Any]
    definitions: dict[str, dict[str, Any]]
    pipeline: str
    prepared: set[str] = field(default_factory=set)

    def replace(self, old: str, new: str) -> None:
        """In the pipeline, wherever it stands; it must stand there."""
        assert old in self.pipeline, f"the guide's pipeline does not say {old!r}"
        self.pipeline = self.pipeline.replace(old, new)

    def backend(self, name: str) -> dict[str, Any]:
        method: dict[str, Any] = self.definitions[name]["invocationMethod"]
        return method


def read() -> Guide:
    """A fresh copy of what the page says."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = [(kind, textwrap.dedent(body)) for kind, body in _BLOCK.findall(text)]
    documents = [json.loads(body) for kind, body in blocks if kind == "json"]
    (pipeline,) = (body for kind, body in blocks if kind == "yaml")
    assert "stages" in yaml.safe_load(pipeline)
    blueprint, *definitions = documents
    assert [each["identifier"] for each in definitions] == list(NAMES)
    return Guide(blueprint, {each["identifier"]: copy.deepcopy(each) for each in definitions}, pipeline)


NAMES = (
    "deploy_service_to_cluster",
    "pre_deployment_check",
    "approve_and_deploy_service",
    "updateChangeRequestInSnow",
    "approveSnowPipeline",
)
