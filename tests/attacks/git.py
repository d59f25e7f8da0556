"""Git over HTTP, as a person of the sandbox's GitLab."""

from __future__ import annotations

import pathlib
import subprocess

from tests.attacks.ground import Ground


class Clone:
    """A clone of a project's default branch in an empty folder."""

    def __init__(self, ground: Ground, folder: pathlib.Path, project: str, person: str) -> None:
        place = ground.document["services"]["gitlab"]
        known = place["credentials"] if person == "default" else place["others"][person]
        url = place["url"].replace("://", f"://oauth2:{known['token']}@")
        self.folder = folder
        self.run("clone", "--quiet", f"{url}/{project}.git", ".")

    def run(self, *arguments: str) -> str:
        who = ["-c", "user.name=Dora", "-c", "user.email=dora@example.com"]
        ended = subprocess.run(
            ["git", "-C", str(self.folder), *who, *arguments], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def commit(self) -> str:
        """Everything that is in the folder; the commit."""
        self.run("add", "--all", "--force")
        self.run("commit", "--quiet", "--allow-empty", "-m", "Mine")
        return self.run("rev-parse", "HEAD")
