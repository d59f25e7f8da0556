"""Requests that need no decision: enough tests, and pipelines that die."""

from __future__ import annotations

import shutil

from portctl.story.narration import LeftOut, Telling
from portctl.story.scenarios.common import DORA, PIPELINE, ask, is_deployed, nothing_is_left_open

MORE_TESTS = """import unittest

from checkout import Line, discount_cents


class DiscountTest(unittest.TestCase):
    def test_codes_are_worth_something(self) -> None:
        tea = [Line("tea", 450, 2)]
        self.assertEqual([discount_cents(tea, code) for code in ("WELCOME10", "FLAT5")], [90, 500])
"""
BROKEN_TEST = (
    "import unittest\n\n\nclass Broken(unittest.TestCase):\n    def test_it(self) -> None:\n        self.fail()\n"
)
NODE, PYTEST, GHOST = "shop/storefront", "shop/pricing", "shop/ghost"
DEADLY = "echo the machine goes down\nsleep 1\nkill -9 0\n"
CATALOG = "shop/catalog"


def coverage_met(story: Telling) -> None:
    story.step(DORA, "GitLab", "commits a test to shop/checkout, whose tests cover 65% of it")
    said = story.services.commit("shop/checkout", "Test discounts", {"test_discounts.py": MORE_TESTS})
    story.holds("GitLab takes the commit", said.status == 201, said.reason)
    run = ask(story)
    is_deployed(story, run, pipelines=2)
    story.holds("coverage is 80% now", any("coverage is 80%" in line for line in story.services.log(run)))
    story.holds("no change request was needed", story.services.changes_of(run) == [])
    story.services.commit("shop/checkout", "Take the test back", {"test_discounts.py": None})


def pipeline_crash(story: Telling) -> None:
    story.step(DORA, "GitLab", f"commits a test to {CATALOG} that fails")
    story.services.commit(CATALOG, "Break it", {"test_broken.py": BROKEN_TEST})
    run = ask(story, CATALOG)
    _told(story, run, 1, "nothing was deployed")
    story.holds("nothing was deployed", story.deploy_starts() == 0)
    own = str(story.services.file(CATALOG, "deploy.sh").body)
    story.step(DORA, "GitLab", f"repairs it, and commits a deploy.sh to {CATALOG} that kills its job")
    story.services.commit(CATALOG, "Repair it", {"test_broken.py": None, "deploy.sh": DEADLY})
    run = ask(story, CATALOG)
    _told(story, run, 3, "failed, look what it did")
    story.holds("the deploy step was started once", story.deploy_starts() == 1, story.deploy_starts())
    _again(story)
    story.services.commit(CATALOG, "Take it back", {"deploy.sh": own})


def other_languages(story: Telling) -> None:
    """A service says itself how it is tested; what counts is the report that its tests leave."""
    if shutil.which("node") is None:
        raise LeftOut("Node is not installed")
    for service, pipelines in ((NODE, 2), (PYTEST, 4)):
        run = ask(story, service)
        ended = story.ended(run)
        rows = story.pipelines_ended(pipelines)
        story.settle()
        story.step(PIPELINE, "GitLab", f"tests and deploys {service}", *(story.stages(row) for row in rows[-2:]))
        story.show_log(run)
        story.holds("the developer's run has ended well", ended["status"] == "SUCCESS", ended["status"])
    story.holds("each was deployed once", story.deploy_starts() == 2, story.deploy_starts())
    nothing_is_left_open(story)


def missing_repository(story: Telling) -> None:
    run = ask(story, GHOST)
    _told(story, run, 1, "branch main of project shop/ghost cannot be read")
    story.holds("GitLab shows no deploy job", not story.deploy_jobs(), story.deploy_jobs())


def _told(story: Telling, run: str, pipelines: int, why: str) -> None:
    ended = story.ended(run)
    pipeline = story.pipelines_ended(pipelines)[-1]
    story.settle()
    story.step(PIPELINE, "GitLab", "dies, and tells who waits for it", story.stages(pipeline))
    story.show_log(run)
    story.holds("the developer's run has ended with FAILURE", ended["status"] == "FAILURE", ended["status"])
    story.holds(f"its log says: {why}", any(why in line for line in story.services.log(run)), story.services.log(run))
    nothing_is_left_open(story)


def _again(story: Telling) -> None:
    """A person restarts the job, which does not know either how the first one has ended."""
    pipeline = story.pipelines()[-1]
    (job,) = (each for each in story.services.jobs(pipeline["id"]) if each["name"] == "deploy")
    story.step(DORA, "GitLab", f"starts the deploy job of pipeline {pipeline['id']} again")
    said = story.services.retry(job["id"])
    story.holds("GitLab runs it again", said.status == 201, said.reason)
    story.settle()
    story.show(story.stages(pipeline))
    last = [each for each in story.services.jobs(pipeline["id"]) if each["name"] == "deploy"][-1]
    story.holds("it refuses", "this deployment was started before" in story.services.trace(last["id"]))
    story.holds("the deploy step was not started again", story.deploy_starts() == 1, story.deploy_starts())
