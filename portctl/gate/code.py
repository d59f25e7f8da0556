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
from collections.abc import Mapping, Sequence

from portctl.errors import PortctlError

_SECONDS = 600
_PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST = 255
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "HTTPS_PROXY",
)


class NoCode(PortctlError):
    """The code of a service cannot be had. `detail` says why, in words for the developer."""


class Code:
    """Repositories of one GitLab. `url`: its address, without the API's path."""

    def __init__(self, url: str, token: str, environ: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._environment = _environment(self._url, token, environ)

    def newest(self, project: str, branch: str, archive: pathlib.Path) -> str:
        """Write the newest code of a branch as a compressed tar archive; its commit. Errors: NoCode."""
        _check(project, branch)
        with tempfile.TemporaryDirectory() as place:
            address = f"{self._url}/{project}.git"
            options = ["--quiet", "--bare", "--depth=1", "--single-branch", f"--branch={branch}"]
            problem = f"branch {branch} of project {project} cannot be read"
            self._git(["clone", *options, "--", address, place], problem)
            sha = self._git(["-C", place, "rev-parse", "--verify", "HEAD^{commit}"], problem).strip()
            self._archive(place, sha, archive)
        return sha

    def at(self, project: str, sha: str, archive: pathlib.Path) -> None:
        """Write the code of one commit as a compressed tar archive. Errors: NoCode."""
        _check(project, "main")
        if not _SHA.fullmatch(sha):
            raise NoCode("No code", f"{sha[:64]!r} is no commit")
        with tempfile.TemporaryDirectory() as place:
            problem = f"commit {sha} of project {project} cannot be read"
            self._git(["init", "--quiet", "--bare", place], problem)
            address = f"{self._url}/{project}.git"
            self._git(["-C", place, "fetch", "--quiet", "--depth=1", "--", address, sha], problem)
            self._archive(place, sha, archive)

    def _archive(self, place: str, sha: str, archive: pathlib.Path) -> None:
        archive.parent.mkdir(parents=True, exist_ok=True)
        target = f"--output={archive.resolve()}"
        self._git(
            ["-C", place, "archive", "--format=tar.gz", "--prefix=source/", target, sha], f"{sha} cannot be packed"
        )

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
            raise NoCode("No code", problem)
        return ended.stdout.decode(errors="replace")


def _check(project: str, branch: str) -> None:
    """Nothing that git could take for an option, another address or a reference of another kind."""
    if len(project) > _LONGEST or not _PROJECT.fullmatch(project) or ".." in project or project.endswith(".git"):
        raise NoCode("No code", f"{project[:_LONGEST]!r} is not the path of a project")
    if len(branch) > _LONGEST or not _BRANCH.fullmatch(branch) or ".." in branch:
        raise NoCode("No code", f"{branch[:_LONGEST]!r} is not the name of a branch")


def _environment(url: str, token: str, environ: Mapping[str, str]) -> dict[str, str]:
    basic = base64.b64encode(f"oauth2:{token}".encode()).decode()
    settings = {
        f"http.{url}/.extraHeader": f"Authorization: Basic {basic}",
        "http.followRedirects": "false",
        "credential.helper": "",
        "protocol.allow": "never",
        "protocol.http.allow": "always",
        "protocol.https.allow": "always",
        "core.hooksPath": os.devnull,
    }
    numbered = {
        name: value
        for number, (key, text) in enumerate(settings.items())
        for name, value in ((f"GIT_CONFIG_KEY_{number}", key), (f"GIT_CONFIG_VALUE_{number}", text))
    }
    return {
        **{name: environ[name] for name in _KEPT if name in environ},
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **numbered,
    }
