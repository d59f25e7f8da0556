"""What the gate costs a pipeline: how long its commands take to start, and the requests of each in a deployment.

Run: python -m benchmarks.gate [-n 15]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

from portctl.story.narration import Telling
from portctl.story.scenarios import SCENARIOS
from portctl.story.services import Services
from portctl.story.stage import stage
from tests.unit.gate.settings_file import write

ROOT = pathlib.Path(__file__).parents[1]
SCENARIO = "approve-in-port"
MEASURE = ("-c", "import click")
STARTS: Mapping[str, Sequence[str]] = {
    "python -c 'import click'": MEASURE,
    "portctl gate --help": ("-m", "portctl", "gate", "--help"),
    "portctl gate report": ("-m", "portctl", "gate", "report"),
}
"""The last one fails: it has settings, and no variable of a job."""
_DECIDED = re.compile(r"^(accept|open|wait|look|start|finish|report): ([a-z-]+)$", re.MULTILINE)
_REQUESTS = re.compile(r"^Requests: (.+)$", re.MULTILINE)


def started(arguments: Sequence[str], folder: str) -> float:
    """Seconds from the start of a process to its end."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GATE_", "CI_"))}
    begin = time.perf_counter()
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=folder, env={**environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    return time.perf_counter() - begin


def starts(number: int) -> dict[str, float]:
    """Medians. All take turns: what else the machine does hits them alike."""
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder))
        for arguments in STARTS.values():
            started(arguments, folder)  # compiled, and in the cache
        rounds = [{name: started(arguments, folder) for name, arguments in STARTS.items()} for _ in range(number)]
    return {name: statistics.median(each[name] for each in rounds) for name in STARTS}


def requests() -> Iterator[tuple[str, str]]:
    """Each job of the gate in one deployment, and what it has asked."""
    with stage(ROOT) as running, contextlib.closing(Services(running.document)) as services:
        SCENARIOS[SCENARIO](Telling(services))
        for pipeline in services.pipelines():
            for job in services.jobs(pipeline["id"]):
                trace = services.trace(job["id"])
                decided, asked = _DECIDED.search(trace), _REQUESTS.search(trace)
                if decided and asked:
                    yield f"{decided[1]} ({decided[2]})", asked[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-n", type=int, default=15, metavar="TIMES", help="how often each is started (15)")
    medians = starts(parser.parse_args().n)
    first = next(iter(medians.values()))
    for name, seconds in medians.items():
        sys.stdout.write(f"{name:>26}: {seconds * 1000:>4.0f} ms, {seconds / first:.2f} times\n")
    sys.stdout.write(f"\nrequests in {SCENARIO}:\n")
    for job, asked in requests():
        sys.stdout.write(f"{job:>26}: {asked}\n")


if __name__ == "__main__":
    main()
