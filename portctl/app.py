"""One short function per command. What they work with is put together in cli/wiring.py."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from portctl.apply.execute import ApplyContext, Approval, Watch, execute
from portctl.credentials import credentials_in
from portctl.disk import read_text, what_helps, write_whole
from portctl.errors import AccessDenied, InvalidInput
from portctl.findings import did_you_mean, listing
from portctl.ledger.backend import LedgerBackend
from portctl.manifest.check import check_resources
from portctl.manifest.lint import Rule, run_rules
from portctl.manifest.load import load_manifests
from portctl.manifest.render import render as render_manifests
from portctl.manifest.schema import check_schema
from portctl.manifest.textfiles import fill_texts
from portctl.model.address import Address, nearest
from portctl.model.change import Action, Change
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.kind import Kind
from portctl.model.ledger import Entry, Ledger, Run
from portctl.model.plan import Plan, PlanOptions
from portctl.model.project import Environment, Project
from portctl.model.provider import Provider
from portctl.model.report import Report
from portctl.model.resource import Live, RemoteKey, Resource
from portctl.model.value import leaves
from portctl.model.values import Values
from portctl.plan.decide import PlanInputs
from portctl.plan.make import Frame, make_plan, select
from portctl.plan.outputs import lookup_in
from portctl.plan.preflight import ask_services
from portctl.plan.references import References, unopenable_cycles
from portctl.plan.saved import SavedPlan, check_inputs, check_operations, dump_plan, load_plan
from portctl.refresh.read import Reader, check_instances
from portctl.scrubbing.documents import scrub_document
from portctl.source import path_text
from portctl.template.context import RenderContext
from portctl.vault import Vault
from portctl.views.json import plan_document
from portctl.wire.retry import DEFAULT_RETRY_POLICY, RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Everything that is known without asking any service."""

    project: Project
    environment: Environment
    values: Values
    context: RenderContext
    catalogue: Mapping[str, Kind]
    rules: tuple[Rule, ...]
    backend: LedgerBackend
    vault: Vault
    remarks: tuple[Diagnostic, ...] = ()
    """What is odd about the values that were given, and no error."""

    workers: int = 8
    retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A workspace with its services within reach. `connect` makes the provider of `provider@instance`."""

    workspace: Workspace
    connect: Callable[[str], Provider]
    watch: Watch
    run: Run
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    providers: dict[str, Provider] = field(default_factory=dict)

    def provider(self, name: str) -> Provider:
        if name not in self.providers:
            self.providers[name] = self.connect(name)
        return self.providers[name]


@dataclass(frozen=True, slots=True)
class Validation:
    """What the manifests say, and everything that is wrong with them."""

    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return all(diagnostic.severity is not Severity.ERROR for diagnostic in self.diagnostics)


def rendered(workspace: Workspace) -> Validation:
    """Load and render everything, and find only what is wrong with that."""
    manifests, found = load_manifests(workspace.project, workspace.catalogue)
    resources, rendering = render_manifests(
        manifests, values=workspace.values, context=workspace.context, catalogue=workspace.catalogue
    )
    resources, reading = fill_texts(
        resources,
        root=workspace.project.root,
        values=workspace.values,
        context=workspace.context,
        catalogue=workspace.catalogue,
    )
    return Validation(resources, (*found, *rendering, *reading))


def validate(workspace: Workspace) -> Validation:
    """Load, render and check everything offline; every finding, not just the first."""
    made = rendered(workspace)
    resources, findings = made.resources, [*workspace.remarks, *made.diagnostics]
    whole = made.ok
    told = {(finding.source, finding.path) for finding in findings if finding.rule == "identity"}
    shapes = [finding for resource in resources for finding in check_schema(resource)]
    findings.extend(finding for finding in shapes if (finding.source, finding.path) not in told)
    checks = check_resources(
        resources,
        catalogue=workspace.catalogue,
        declared_secrets=workspace.vault.declared,
        instances=workspace.environment.instances.keys(),
    )
    findings.extend(finding for finding in checks if whole or finding.rule != "reference")
    if whole:
        findings.extend(unopenable_cycles(resources))
    findings.extend(run_rules(workspace.rules, resources, workspace.project.rules))
    unique = {(finding.sort_key, finding.path): finding for finding in findings}
    return Validation(resources, tuple(unique[key] for key in sorted(unique)))


def render(workspace: Workspace) -> tuple[Resource, ...]:
    """The resources that the manifests render to. Raises InvalidInput with all errors."""
    return checked(validate(workspace)).resources


def checked(validation: Validation) -> Validation:
    """`validation` if nothing in it is an error; raises InvalidInput with all errors otherwise."""
    errors = [finding for finding in validation.diagnostics if finding.severity is Severity.ERROR]
    if errors:
        count = f"{len(errors)} error" + ("s" if len(errors) > 1 else "")
        raise InvalidInput("Invalid manifests", f"{count}; nothing was sent", diagnostics=validation.diagnostics)
    return validation


def plan(session: Session, options: PlanOptions) -> Plan:
    """Compare everything with what lives. Writes nothing; what stands in the way is in the plan's refusals."""
    return _plan(session, checked(validate(session.workspace)), session.workspace.backend.load(), options)


def apply(session: Session, plan: Plan, approval: Approval) -> Report:
    """Make `plan`, which was just made under the ledger's lock, true."""
    return execute(plan, approval, session.workspace.backend.load(), _apply_context(session, plan))


def save(session: Session, plan: Plan, options: PlanOptions, path: pathlib.Path) -> None:
    """Write `plan` to a file that `apply_saved` takes."""
    workspace = session.workspace
    _refuse_to_save_secrets(workspace)
    text = dump_plan(
        plan,
        options,
        render(workspace),
        workspace.backend.load(),
        _netted(plan_document(plan), workspace.vault),
        commit=session.run.commit,
        values=workspace.values.given,
    )
    try:
        path.parent.stat()  # a folder that is not there is a typing mistake, and is not made
        write_whole(path, text)
    except OSError as error:
        raise InvalidInput("Cannot write the plan", f"{path}: {error.strerror}", hint=what_helps(error)) from error


def _netted(document: dict[str, Any], vault: Vault) -> dict[str, Any]:
    """A plan's document as it is shown: what others wrote into an object may hold a secret that no mask covers."""
    return {
        name: part if isinstance(part, str) else scrub_document(part, vault.scrub) for name, part in document.items()
    }


def _refuse_to_save_secrets(workspace: Workspace) -> None:
    """Values travel with a saved plan, in clear; whoever gives a credential as a value has taken the wrong way."""
    for tree in workspace.values.given:
        for path, leaf in leaves(tree):
            secret = isinstance(leaf, str) and (workspace.vault.scrub(leaf) != leaf or any(credentials_in(leaf)))
            if secret:
                raise InvalidInput(
                    "Secret among the values",
                    f"values.{path_text(path)}, which was given on the command line, would stand in the saved plan",
                    hint="Declare it under `secrets:` in portctl.yaml, and write <% secret('NAME') %> in manifests.",
                )


def load_saved(path: pathlib.Path) -> SavedPlan:
    try:
        text = read_text(path)
    except UnicodeDecodeError as error:
        raise InvalidInput("Cannot read the plan", f"{path}: it is not text in UTF-8") from error
    except OSError as error:
        raise InvalidInput(
            "Cannot read the plan", f"{path}: {error.strerror}", hint="portctl plan -o FILE writes one."
        ) from error
    return load_plan(text, str(path))


def take_up(session: Session, saved: SavedPlan) -> Plan:
    """The plan that `saved` stands for, made again on what lives now. Raises StalePlan when the ground has moved."""
    validation = checked(validate(session.workspace))
    ledger = session.workspace.backend.load()
    check_inputs(saved, validation.resources, ledger)
    plan = _plan(session, validation, ledger, saved.options)
    check_operations(saved, plan)
    return plan


def apply_saved(session: Session, saved: SavedPlan, plan: Plan) -> Report:
    """Apply `plan`, which `take_up` has just made of `saved`, and use that up."""
    ledger = session.workspace.backend.load()
    return execute(plan, Approval.given(plan), ledger, replace(_apply_context(session, plan), consumes=saved.id))


def state_list(workspace: Workspace) -> tuple[Entry, ...]:
    """Everything in the ledger, by address."""
    return tuple(sorted(workspace.backend.load().entries.values(), key=lambda entry: (entry.address, entry.identity)))


def state_show(workspace: Workspace, address: Address) -> Entry:
    ledger = workspace.backend.load()
    found = ledger.by_address(address)
    if not found:
        raise _not_in_ledger(address, ledger)
    return found[0]


def state_remove(workspace: Workspace, addresses: tuple[Address, ...]) -> tuple[Entry, ...]:
    """Forget objects without touching them. Returns what was forgotten; raises before forgetting any."""
    with workspace.backend.lock("portctl state rm"):
        ledger = workspace.backend.load()
        gone: list[Entry] = []
        for address in addresses:
            found = ledger.by_address(address)
            if not found:
                raise _not_in_ledger(address, ledger)
            gone.extend(found)
        for entry in gone:
            ledger = ledger.without(entry.key)
        workspace.backend.save(ledger)
    return tuple(gone)


def _not_in_ledger(address: Address, ledger: Ledger) -> InvalidInput:
    near = nearest(address, {entry.address for entry in ledger.entries.values()})
    detail = f"{address} is not in the ledger.{near}"
    return InvalidInput("Not in the ledger", detail, hint="portctl state list shows what is.")


def _plan(session: Session, validation: Validation, ledger: Ledger, options: PlanOptions) -> Plan:
    workspace = session.workspace
    references = References(validation.resources)
    known = frozenset(entry.address for entry in ledger.entries.values())
    if options.destroy:
        _check_labels(options.labels, [entry.labels for entry in ledger.entries.values()], "Nothing in the ledger")
    else:
        _check_labels(options.labels, [resource.meta.labels for resource in validation.resources], "No manifest")
    selected = select(validation.resources, options, references, known)
    configured = frozenset(f"{provider}@{name}" for provider, name in workspace.environment.instances)
    keys = _keys_to_read(validation.resources, ledger, workspace.catalogue, configured)
    used = {key[0] for key in keys}
    reader = Reader(
        providers={name: session.provider(name) for name in used},
        catalogue=workspace.catalogue,
        workers=workspace.workers,
        sleep=session.sleep,
        now=session.now,
        waiting=session.watch.waiting,
    )
    infos = reader.login(used)
    _check_expected(infos, workspace.environment)
    told = workspace.vault.told
    check_instances(infos, ledger, told)
    infos = {
        name: replace(info, identity=told(info.identity), principal=told(info.principal))
        for name, info in infos.items()
    }
    lives = reader.read(keys, ledger, {resource.remote_key: resource.attributes for resource in selected})
    resources = {resource.address: resource for resource in validation.resources}
    inputs = PlanInputs(
        resources=resources,
        catalogue=workspace.catalogue,
        ledger=ledger,
        lives=lives,
        vault=workspace.vault,
        lookup=lookup_in(resources, _by_address(resources, lives), workspace.vault),
        populated=lambda change: _populated(session, change),
        options=options,
        references=references,
    )
    warnings = tuple(finding for finding in validation.diagnostics if finding.severity is Severity.WARNING)
    frame = Frame(
        project=workspace.project.name,
        environment=workspace.environment.name,
        guards=workspace.environment.guards or workspace.project.guards,
        instances=infos,
        configured=configured,
        warnings=warnings,
    )
    made = make_plan(inputs, selected, frame)
    ask_services(session.provider, made, inputs, validation.resources)
    return replace(made, requests={name: provider.requests() for name, provider in sorted(session.providers.items())})


def _check_labels(wanted: Sequence[str], labels: Sequence[Mapping[str, str]], nothing: str) -> None:
    """Refuse a label that nothing has: it is a typing mistake, and would select nothing."""
    known = {f"{name}={value}" for each in labels for name, value in each.items()}
    for label in wanted:
        if label not in known:
            raise InvalidInput(
                "Unknown label",
                f"{nothing} has the label {label}.{did_you_mean(label, known)}",
                hint=f"Labels of this project: {listing(known) or 'none'}.",
            )


def _keys_to_read(
    resources: tuple[Resource, ...], ledger: Ledger, catalogue: Mapping[str, Kind], configured: frozenset[str]
) -> list[RemoteKey]:
    """Everything declared and everything in the ledger that can be read at all."""
    keys = [resource.remote_key for resource in resources]
    keys.extend(key for key in ledger.entries if key[0] in configured and key[1] in catalogue)
    return list(dict.fromkeys(keys))


def _by_address(resources: Mapping[Address, Resource], lives: Mapping[RemoteKey, Live]) -> dict[Address, Live]:
    return {
        address: lives[resource.remote_key] for address, resource in resources.items() if resource.remote_key in lives
    }


def _populated(session: Session, change: Change) -> bool:
    if change.live is None:
        return False
    return session.provider(change.key[0]).populated(change.kind, change.live, besides=change.spare)


def _check_expected(infos: Mapping[str, object], environment: Environment) -> None:
    """Refuse an organisation that is not the one that the environment file names."""
    for (provider, name), settings in environment.instances.items():
        info = infos.get(f"{provider}@{name}")
        expected = settings.settings.get("organization")
        actual = getattr(info, "identity", expected)
        if isinstance(expected, str) and expected and actual != expected:
            raise AccessDenied(
                "Wrong organisation",
                f"the credentials of {provider}@{name} belong to {actual}, the environment expects {expected}",
                source=settings.sources.at(("instances", provider, name, "organization")),
                hint="Check the credentials and the -e option; nothing was read or written.",
            )


def _apply_context(session: Session, plan: Plan) -> ApplyContext:
    operations = {str(action): plan.count(action) for action in Action if plan.count(action)}
    return ApplyContext(
        providers=session.providers,
        backend=session.workspace.backend,
        vault=session.workspace.vault,
        resources={change.address: change.resource for change in plan.changes if change.resource},
        watch=session.watch,
        run=replace(session.run, operations=operations),
        workers=session.workspace.workers,
        now=session.now,
        sleep=session.sleep,
    )
