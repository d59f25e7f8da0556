"""What is fuzzed: each target takes one mutant in, and raises only what a command would tell its user."""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import random
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import yaml

from portctl.cli.run import run
from portctl.compare.three_way import desired_side, edits, live_side
from portctl.errors import InvalidInput, PortctlError
from portctl.ledger.document import dump_ledger, load_ledger, new_ledger
from portctl.model.address import Address
from portctl.model.ledger import Entry, Ledger, Owned, Run
from portctl.model.resource import Live
from portctl.model.value import Pending, freeze, map_leaves, thaw
from portctl.model.values import Values
from portctl.providers.catalogue import catalogue
from portctl.source import ItemKey
from portctl.template.context import RenderContext, functions
from portctl.template.placeholder import PlaceholderError, fill
from portctl.template.text import render_text
from portctl.wire.body import NotJson, Unusable, parse_body
from tests.fuzz.mutants import of_text, of_value
from tests.laws.samples import MANIFESTS, SECRETS
from tests.unit.rules.builders import resources

_PIPELINE = """\
spec:
  inputs:
    version: {regex: '^v\\d+$', default: v1}
    stage: {options: [a, b]}
---
stages: [test, deploy]
.base: &base {image: x, rules: [{if: $CI}]}
test: {<<: *base, stage: test, script: [!reference [.base, script], 'echo $[[ inputs.version ]]']}
deploy: {extends: .base, stage: deploy, needs: [test], dependencies: [test], script: [a], variables: {A: '1'},
  tags: [x], timeout: 1h, parallel: {matrix: [{A: [b, c], D: e}]}}
"""
_SCRIPT = """\
(function executeRule(current, previous) {
  var body = {id: current.getUniqueValue(), state: current.state + '', list: [1, 2], re: /[a/]+/g};
  for (var i = 0; i < 3; i++) { if (body.list[i] > 1 && !previous) { continue; } else { gs.info('x' + i); } }
  var message = new sn_ws.RESTMessageV2('Port', 'post');
  message.setRequestBody(JSON.stringify(body));
})(current, previous);
"""
_TEMPLATE = """\
image: <% values.name %>
<%% for name, value in values.map | items %%>
<%% if loop.first and name in ['a', 'b'] %%><% name ~ ': ' ~ value | tojson %><%% else %%>x<%% endif %%>
<%% endfor %%>
<%% set text = values.name | upper %%><% text | replace('A', 'b') | default('c') %>
url: <% output('port/Webhook:w', 'url') %> <%# note #%>
"""
_EXPRESSIONS = (
    "<% values.name %>",
    "a <% values.list[0] + 1 %> b <% values.map.a | tojson %>",
    "<% secret('LAW_TOKEN') | b64encode %>",
    "<% [1, 2, {'a': values.name ~ 'x'}] if values.on else values['name'] | upper | replace('A', 'b') %>",
    "<% (2 ** 10 - 3) * 4 / 5 // 6 % 7 >= 1 and 'a' in values.list or not values.on is defined %>",
)
_VALUES = Values(freeze({"name": "checkout", "on": True, "list": [1, 2], "map": {"a": {"b": "c"}, "k": 1}}), {})
_CONTEXT = RenderContext("test", {"port": {"url": "https://api.port.io"}}, frozenset(SECRETS))
_PROJECT = """\
apiVersion: portctl/v1
project: fuzz
defaultEnvironment: test
manifests: [manifests]
secrets: {LAW_TOKEN: {env: LAW_TOKEN}, LAW_SIGNING: {env: LAW_SIGNING}}
values: {name: checkout, list: [1, 2], map: {a: {b: c}}}
"""
_ENVIRONMENT = """\
apiVersion: portctl/v1
instances:
  port: {default: {url: 'https://api.port.io'}}
  gitlab: {default: {url: 'https://gitlab.example.com'}}
  servicenow: {default: {url: 'https://example.service-now.com'}}
"""


class Broken(Exception):
    """What must not come of any input. The text is what was said."""


def manifests(chance: random.Random) -> None:
    """A whole project with one file changed goes through `portctl validate`."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        files = dict(_files())
        name = chance.choice(sorted(files))
        if name.endswith(".yaml") and chance.random() < 0.5:
            documents = [of_value(each, chance) for each in yaml.safe_load_all(files[name])]
            files[name] = "".join(f"---\n{json.dumps(each)}\n" for each in documents)
        else:
            files[name] = of_text(files[name], chance)
        files["manifests/including.yaml"] = json.dumps(_including(chance))
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode("utf-8", "surrogatepass"))
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(["-C", folder, "validate"])
        if code not in (0, 3) or "bug in portctl" in said.getvalue():
            raise Broken(f"{name}: exit code {code}: {said.getvalue()[-2000:]}")


def templates(chance: random.Random) -> None:
    with contextlib.suppress(InvalidInput):
        text = of_text(_TEMPLATE, chance)
        render_text(text, "a.txt", values=_VALUES, context=_CONTEXT, catalogue=catalogue())


def expressions(chance: random.Random) -> None:
    with contextlib.suppress(PlaceholderError):
        fill(of_text(chance.choice(_EXPRESSIONS), chance), {"values": _VALUES.tree, **functions(catalogue())})


def answers(chance: random.Random) -> None:
    """An answer is parsed, decoded and compared with its manifest."""
    resource = chance.choice(_resources())
    plain = thaw(map_leaves(resource.attributes, lambda _, leaf: "x" if isinstance(leaf, Pending) else leaf))
    text = json.dumps(of_value(plain, chance))
    if chance.random() < 0.3:
        text = of_text(text, chance)
    try:
        body = parse_body(text.encode("utf-8", "surrogatepass"))
    except (NotJson, Unusable):
        return
    if not isinstance(body, Mapping):
        return
    decode = resource.kind.decode
    desired = desired_side(resource, resource.attributes)
    edits(desired, live_side(desired, Live(resource.kind, resource.identity, decode(body) if decode else body)), None)


def ledgers(chance: random.Random) -> None:
    document = of_value(json.loads(dump_ledger(_ledger())), chance)
    text = json.dumps(document)
    with contextlib.suppress(PortctlError):
        dump_ledger(load_ledger(of_text(text, chance) if chance.random() < 0.3 else text, "the ledger"))


TARGETS: Mapping[str, Callable[[random.Random], None]] = {
    "manifests": manifests,
    "templates": templates,
    "expressions": expressions,
    "answers": answers,
    "ledgers": ledgers,
}


@cache
def _files() -> Mapping[str, str]:
    documents = {f"manifests/{name}": yaml.safe_dump_all(each, sort_keys=False) for name, each in MANIFESTS.items()}
    more = {
        "manifests/more.yaml": (
            "apiVersion: portctl/v1\nkind: gitlab/Project\nmetadata: {name: q}\nspec: {path_with_namespace: a/q}\n---\n"
            "apiVersion: portctl/v1\nkind: gitlab/Files\nmetadata: {name: qf, in: 'gitlab/Project:q'}\nspec:\n"
            "  branch: main\n  files:\n    .gitlab-ci.yml: {source: ci.yml}\n    a.txt: {template: a.txt}\n---\n"
            "apiVersion: portctl/v1\nkind: servicenow/BusinessRule\nspec: {name: q, collection: change_request, "
            "when: after, action_insert: true, script: {source: a.js}}\n"
        ),
        "manifests/ci.yml": _PIPELINE,
        "manifests/a.txt": _TEMPLATE.replace("<% output('port/Webhook:w', 'url') %>", ""),
        "manifests/a.js": _SCRIPT,
    }
    return {"portctl.yaml": _PROJECT, "environments/test.yaml": _ENVIRONMENT, **documents, **more}


def _including(chance: random.Random) -> dict[str, Any]:
    """Pipeline files that include each other, themselves and what is not there, in a line or in any other way."""
    names = [".gitlab-ci.yml", *(f"ci/{n}.yml" for n in range(chance.choice((0, 1, 2, 2, 5, 5, 20, 200, 1200))))]
    in_line = chance.random() < 0.3

    def include(place: int) -> Any:
        if in_line:
            return f"/{names[(place + 1) % len(names)]}"
        others = [{"local": chance.choice([*names, "gone.yml"])} for _ in range(chance.choice((0, 1, 1, 2, 4)))]
        return [of_value(each, chance) if chance.random() < 0.1 else each for each in others]

    texts = {
        name: json.dumps({"include": include(place), f"job-{place}": {"script": ["a"]}})
        for place, name in enumerate(names)
    }
    return {
        "apiVersion": "portctl/v1",
        "kind": "gitlab/Files",
        "metadata": {"name": "including", "in": "gitlab/Project:q"},
        "spec": {"branch": "including", "files": {name: {"content": text} for name, text in texts.items()}},
    }


def all_manifests() -> list[Any]:
    """Every document of the samples."""
    return [each for documents in MANIFESTS.values() for each in documents]


@cache
def _resources() -> tuple[Any, ...]:
    return tuple(resource for each in all_manifests() for resource in resources(yaml.safe_dump(each, sort_keys=False)))


@cache
def _ledger() -> Ledger:
    """With everything that a ledger can hold."""
    ledger = new_ledger("fuzz", "test")
    for name in ("a", "b"):
        entry = Entry(
            address=Address("port", "Secret", name),
            identity=(name,),
            created=True,
            claimed=name == "b",
            depends=(("port@default", "port/Blueprint", ("x",)),),
            protect=frozenset({"delete"}),
            labels={"team": "a"},
            paths={("description", 0, ItemKey("name=x")): Owned("0" * 64, created=True)},
            fingerprints={("secretValue",): "0" * 64},
            around={("secretValue",): "0" * 64},
            before=("absent",),
            after="0" * 64,
            written=1.5,
        )
        ledger = ledger.with_entry(entry)
    run_ = Run(id="1", who="a", commit="c", started=1.0, operations={"create": 1})
    return ledger.with_run(run_).with_consumed("plan").without(("port@default", "port/Secret", ("b",)), deleted_at=2.0)
