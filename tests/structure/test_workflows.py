"""The workflows: actions by commit, few permissions, locked packages, and no command that names what is not there.

GitHub's own rules are checked by actionlint where it is installed:
`go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.1`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# What a job may write, and why: the attestation of a release.
MAY_WRITE = {("wheels", "release"): {"id-token", "attestations"}}
KEYS = {"name", "on", "permissions", "jobs", "env", "defaults", "concurrency"}
JOB_KEYS = {"name", "needs", "runs-on", "timeout-minutes", "permissions", "strategy", "steps", "env", "if", "defaults"}
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory", "continue-on-error"}


def content(path: Path) -> dict:
    return {("on" if key is True else key): value for key, value in yaml.safe_load(path.read_text()).items()}


def jobs() -> Iterator[tuple[str, str, dict]]:
    for path in WORKFLOWS:
        for name, job in content(path)["jobs"].items():
            yield path.stem, name, job


def commands() -> Iterator[tuple[str, dict, str]]:
    for workflow, name, job in jobs():
        for step in job["steps"]:
            if "run" in step:
                yield f"{workflow}.{name}", job, step["run"]


def test_there_are_workflows():
    assert {path.stem for path in WORKFLOWS} == {"audit", "ci", "wheels"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_words_are_those_that_github_knows(path):
    workflow = content(path)
    assert set(workflow) <= KEYS
    for job in workflow["jobs"].values():
        assert set(job) <= JOB_KEYS
        assert isinstance(job["timeout-minutes"], int)
        needed = job.get("needs", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert set(step) <= STEP_KEYS
            assert ("uses" in step) != ("run" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_named_by_commit_with_their_version_beside(path):
    lines = [line for line in path.read_text().splitlines() if re.match(r"\s*-?\s*uses:", line)]
    assert lines
    for line in lines:
        assert re.fullmatch(r"\s*-?\s*uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_version():
    uses = re.findall(r"uses: ([\w-]+/[\w-]+)@(\S+ # \S+)", "".join(path.read_text() for path in WORKFLOWS))
    assert len({name for name, _ in uses}) == len(set(uses))


def test_nobody_may_write_but_who_signs():
    for path in WORKFLOWS:
        workflow = content(path)
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in workflow["on"]
    for workflow, name, job in jobs():
        writes = {what for what, right in job.get("permissions", {}).items() if right != "read"}
        assert writes == MAY_WRITE.get((workflow, name), set())
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_no_text_of_a_stranger_gets_into_a_command():
    """${{ }} is put into a script before the shell sees it: only numbers and words of the matrix may be."""
    for name, _, command in commands():
        for expression in re.findall(r"\$\{\{(.*?)\}\}", command):
            assert re.fullmatch(r"\s*matrix\.\w+\s*", expression), f"{name}: {expression}"


def test_packages_come_from_a_lock():
    for name, _, command in commands():
        for install in re.findall(r"pip install[^\n&;]*", command):
            assert re.search(r"--require-hashes -r \.github/requirements/[\w-]+\.txt", install), f"{name}: {install}"


def test_files_of_commands_are_there():
    seen = set()
    for name, job, command in commands():
        texts = [command]
        for word, choices in job.get("strategy", {}).get("matrix", {}).items():
            texts = [re.sub(rf"\$\{{\{{ matrix\.{word} \}}\}}", choice, text) for text in texts for choice in choices]
        for path in re.findall(r"(?:\.github/requirements|\btests|\.github/release)/[\w./-]+", " ".join(texts)):
            assert (ROOT / path).exists(), f"{name}: {path}"
            seen.add(path)
    assert {"tests/run.sh", ".github/release/describe.sh", ".github/requirements/runtime.txt"} <= seen


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing():
    done = subprocess.run(["actionlint", *map(str, WORKFLOWS)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
