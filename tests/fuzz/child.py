"""Fuzzes one target in a process of its own, so that its memory can be measured and a case without end be killed.

`python -m tests.fuzz.child TARGET SEED CASES SECONDS`: so many cases, or as many as fit into so many seconds of the
processor. Says each case before it is tried, and at the end a line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
import traceback

from tests.fuzz.targets import TARGETS

LONGEST_SECONDS = 60.0
"""Of the processor, for one case: what takes longer is taken to have no end."""
MOST_MEMORY = 2 * 1024 * 1024 * 1024


def main(target: str, seed: str, cases: int, seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    said = os.fdopen(os.dup(1), "w")
    begin = time.process_time()
    worst, slowest, tried = 0.0, 0, 0
    for case in range(cases):
        if time.process_time() - begin > seconds:
            break
        said.write(f"{case}\n")
        said.flush()
        signal.setitimer(signal.ITIMER_PROF, LONGEST_SECONDS)
        before = time.process_time()
        try:
            TARGETS[target](random.Random(f"{seed} {target} {case}"))
        except BaseException:
            said.write(json.dumps({"case": case, "error": traceback.format_exc()[-4000:]}) + "\n")
            return
        took = time.process_time() - before
        signal.setitimer(signal.ITIMER_PROF, 0)
        tried += 1
        if took > worst:
            worst, slowest = took, case
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    said.write(json.dumps({"cases": tried, "seconds": worst, "slowest": slowest, "bytes": memory}) + "\n")
    said.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
