"""A job as the compiler leaves it: everything that is needed to run it, now or after a restart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Need:
    """A job that must end before; `artifacts`: what it left behind is handed over."""

    job: str
    artifacts: bool = True
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """`when`: on_success, on_failure or always. `access`: all, developer, maintainer or none."""

    name: str = "artifacts"
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    when: str = "on_success"
    expire_in: str | None = None
    access: str = "all"
    dotenv: tuple[str, ...] = ()
    junit: tuple[str, ...] = ()
    coverage_format: str | None = None
    coverage_path: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a job is run again, after which failures."""

    most: int = 0
    reasons: tuple[str, ...] = ("always",)
    exit_codes: tuple[int, ...] = ()

    def applies(self, reason: str, exit_code: int | None) -> bool:
        return "always" in self.reasons or reason in self.reasons or exit_code in self.exit_codes


@dataclass(frozen=True, slots=True)
class Environment:
    """`tier`: as the file has it. `action`: start, which deploys, or prepare, verify, access."""

    name: str
    url: str | None = None
    tier: str | None = None
    action: str = "start"


@dataclass(frozen=True, slots=True)
class YamlVariable:
    """A variable of the file. `expand` False: raw."""

    key: str
    value: str
    expand: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """`needs` None: the job waits for the stages before its own. `when`: on_success, on_failure, always or manual."""

    name: str
    stage: str
    stage_index: int
    script: tuple[str, ...]
    before_script: tuple[str, ...] = ()
    after_script: tuple[str, ...] = ()
    image: str | None = None
    variables: tuple[YamlVariable, ...] = ()
    needs: tuple[Need, ...] | None = None
    dependencies: tuple[str, ...] | None = None
    when: str = "on_success"
    allow_failure: bool = False
    allowed_exit_codes: tuple[int, ...] = ()
    timeout_seconds: float | None = None
    retry: Retry = Retry()
    resource_group: str | None = None
    environment: Environment | None = None
    artifacts: Artifacts = Artifacts()
    coverage: str | None = None
    interruptible: bool = False
    tags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def spec_from_json(document: dict[str, Any]) -> JobSpec:
    """The job that `as_json` has written, also after a detour through a file."""
    fields = _tupled(document)
    environment, needs = document["environment"], document["needs"]
    fields |= {
        "variables": tuple(YamlVariable(**each) for each in document["variables"]),
        "needs": None if needs is None else tuple(Need(**each) for each in needs),
        "retry": Retry(**_tupled(document["retry"])),
        "environment": None if environment is None else Environment(**environment),
        "artifacts": Artifacts(**_tupled(document["artifacts"])),
    }
    return JobSpec(**fields)


def _tupled(document: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
