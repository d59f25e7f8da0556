"""The code of a service, fetched with git and never run, unpacked or looked into here.

The token travels in git's environment, as a header for this GitLab alone. Source: git documentation, "git config",
http.extraHeader, and GIT_CONFIG_COUNT.
"""

from __future__ import annotations

import base64
import os
import pathlib
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence

from portctl.errors import PortctlError

_SECONDS = 600
_WAITS_SECONDS = (1.0, 4.0)
"""Before a fetch that has failed is tried again."""
_PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+#@=-]*")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 255
_LONGEST_REASON = 200
_UNAUTHENTICATED = ("could not read Username", "Authentication failed")
_DEAD_TOKEN = "GitLab does not take the token of this job"
_DEFINITE = re.compile(rf"couldn't find remote ref|not found$|^{_DEAD_TOKEN}$")
"""What another try would not change."""
_PROXIES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
_KEPT = ("PATH", *_PROXIES)
_AUTHORITIES = {"SSL_CERT_FILE": "http.sslCAInfo", "SSL_CERT_DIR": "http.sslCAPath"}
"""Variables that the other clients heed, and what git calls the same."""


class NoCode(PortctlError):
    """The code of a service cannot be had. `detail` says why, in words for the developer."""


class _Failed(NoCode):
    """git has given up, and may do better next time."""


class Code:
    """Repositories of one GitLab. `url`: its address, without the API's path. `scrub`: for what git tells of it."""

    def __init__(
        self,
        url: str,
        token: str,
        environ: Mapping[str, str],
        sleep: Callable[[float], object] = time.sleep,
        scrub: Callable[[str], str] = str,
    ) -> None:
        self._url = url.rstrip("/")
        self._scrub = scrub
        self._environment = _environment(self._url, token, environ)
        self._sleep = sleep

    def newest(self, project: str, branch: str, archive: pathlib.Path) -> str:
        """Write the newest code of a branch as a compressed tar archive; its commit. Errors: NoCode."""
        if len(branch) > _LONGEST or not _BRANCH.fullmatch(branch) or ".." in branch:
            raise NoCode("No code", f"{branch[:_LONGEST]!r} is not the name of a branch")
        return self._fetched(project, f"refs/heads/{branch}", f"branch {branch}", archive)

    def at(self, project: str, sha: str, archive: pathlib.Path) -> None:
        """Write the code of one commit as a compressed tar archive. Errors: NoCode."""
        if not _SHA.fullmatch(sha):
            raise NoCode("No code", f"{sha[:64]!r} is no commit")
        self._fetched(project, sha, f"commit {sha}", archive)

    def _fetched(self, project: str, wanted: str, said: str, archive: pathlib.Path) -> str:
        """Into an empty repository without a working tree, where no code of the service can be run by git."""
        _check(project)
        problem = f"{said} of project {project} cannot be read"
        with tempfile.TemporaryDirectory() as place:
            self._git(["init", "--quiet", "--bare", place], problem)
            address = f"{self._url}/{project}.git"
            options = ["--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"]
            self._patiently(["-C", place, "fetch", *options, "--", address, wanted], problem)
            sha = self._git(["-C", place, "rev-parse", "--verify", "FETCH_HEAD^{commit}"], problem).strip()
            self._archive(place, sha, archive)
        return sha

    def _archive(self, place: str, sha: str, archive: pathlib.Path) -> None:
        archive.parent.mkdir(parents=True, exist_ok=True)
        target = f"--output={archive.resolve()}"
        self._git(
            ["-C", place, "archive", "--format=tar.gz", "--prefix=source/", target, sha], f"{sha} cannot be packed"
        )

    def _patiently(self, arguments: Sequence[str], problem: str) -> None:
        for seconds in _WAITS_SECONDS:
            try:
                self._git(arguments, problem)
                return
            except _Failed:
                self._sleep(seconds)
        self._git(arguments, problem)

    def _git(self, arguments: Sequence[str], problem: str) -> str:
        try:
            ended = subprocess.run(
                ["git", *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
        except FileNotFoundError as error:
            raise PortctlError("git is missing", "the image of this job has no git") from error
        except subprocess.TimeoutExpired as error:
            raise NoCode("No code", f"{problem}: no end after {_SECONDS} seconds") from error
        if ended.returncode != 0:
            reason = _reason(self._scrub(ended.stderr.decode(errors="replace")))
            kind = NoCode if _DEFINITE.search(reason) else _Failed
            raise kind("No code", f"{problem}: {reason}" if reason else problem)
        return ended.stdout.decode(errors="replace")


def _check(project: str) -> None:
    """Nothing that git could take for an option or another address."""
    odd = ".." in project or project.casefold().endswith(".git")
    if len(project) > _LONGEST or odd or not _PROJECT.fullmatch(project):
        raise NoCode("No code", f"{project[:_LONGEST]!r} is not the path of a project")


def _reason(said: str) -> str:
    """The line in which git says why it gives up. A server may have its say in it."""
    lines = [line.removeprefix("fatal: ") for line in said.splitlines() if line.startswith("fatal: ")]
    text = "".join(each if each.isprintable() else " " for each in lines[0]) if lines else ""
    if text.startswith(_UNAUTHENTICATED):
        return _DEAD_TOKEN
    return text[:_LONGEST_REASON]


def basic(token: str) -> str:
    """What git sends for a token."""
    return base64.b64encode(f"oauth2:{token}".encode()).decode()


def _environment(url: str, token: str, environ: Mapping[str, str]) -> dict[str, str]:
    settings = {
        f"http.{url}/.extraHeader": f"Authorization: Basic {basic(token)}",
        "http.followRedirects": "false",
        "credential.helper": "",
        "protocol.allow": "never",
        "protocol.http.allow": "always",
        "protocol.https.allow": "always",
        "core.hooksPath": os.devnull,
        "core.attributesFile": os.devnull,
        "init.templateDir": "",
        "gc.auto": "0",
        "maintenance.auto": "false",
        **{key: environ[name] for name, key in _AUTHORITIES.items() if environ.get(name)},
    }
    numbered = {
        name: value
        for number, (key, text) in enumerate(settings.items())
        for name, value in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", text))
    }
    return {
        **{name: environ[name] for name in _KEPT if name in environ},
        "LC_ALL": "C",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **numbered,
    }
