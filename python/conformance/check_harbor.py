"""Does Harbor load every task directory, find nothing to lint, and show the trials?

In: the folder `harbor` of an export. Out: one line; on a finding, the directory and
what is wrong, and exit code 1. A misspelled key shows first that the lint can refuse.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harbor.lint import lint_task
from harbor.lint.models import DEFAULT_RULES
from harbor.models.dataset.manifest import DatasetManifest
from harbor.models.task.task import Task
from harbor.publisher.packager import Packager
from harbor.utils.trajectory_validator import TrajectoryValidator
from harbor.viewer.scanner import JobScanner


def lint(place: Path) -> list[str]:
    """Returns what the lint says about one directory."""
    return [f"{finding.path}: {finding.message}" for finding in lint_task(place, selected_rules=DEFAULT_RULES)]


def wrong_task(place: Path) -> Iterator[str]:
    """Loads one directory and yields what is wrong with it."""
    task = Task(place)
    if task.config.metadata.get("image_verified") is not False:
        yield f"{place}: does not say that its image is not verified"
    if task.config.environment.network_mode.value != "no-network":
        yield f"{place}: has a network"
    if not task.config.metadata.get("FAIL_TO_PASS"):
        yield f"{place}: nothing grades it"
    yield from lint(place)
    context = place / "trajectory.json"
    if context.is_file():
        validator = TrajectoryValidator()
        if not validator.validate(context):
            yield from (f"{context}: {error}" for error in validator.get_errors())


def wrong_dataset(folder: Path) -> Iterator[str]:
    """Yields what is wrong with a folder of task directories."""
    manifest = DatasetManifest.from_toml_file(folder / "dataset.toml")
    places = sorted(path.parent for path in folder.glob("*/task.toml"))
    listed = {task.name: task.digest for task in manifest.tasks}
    for place in places:
        yield from wrong_task(place)
        digest, _ = Packager.compute_content_hash(place)
        if listed.pop(Task(place).name, None) != f"sha256:{digest}":
            yield f"{place}: the manifest has another digest"
    for name in listed:
        yield f"{folder}: `{name}` has no directory"


def wrong_jobs(folder: Path, tasks: int) -> Iterator[str]:
    """Yields what the viewer would not show."""
    scanner = JobScanner(folder)
    trials = 0
    for job in scanner.list_jobs():
        if scanner.get_job_config(job) is None or scanner.get_job_result(job) is None:
            yield f"{folder / job}: cannot be read"
        for trial in scanner.list_trials(job):
            trials += 1
            result = scanner.get_trial_result(job, trial)
            if scanner.get_trial_config(job, trial) is None or result is None or not result.reward_valid:
                yield f"{folder / job / trial}: cannot be read"
            if not TrajectoryValidator().validate(folder / job / trial / "agent" / "trajectory.json"):
                yield f"{folder / job / trial}: the trajectory is not valid"
    if trials != tasks:
        yield f"{folder}: {trials} trials for {tasks} tasks"


def refuses_a_planted_fault(place: Path) -> bool:
    """Returns whether the lint refuses a misspelled key."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "task"
        shutil.copytree(place, copy)
        text = (copy / "task.toml").read_text(encoding="utf-8")
        (copy / "task.toml").write_text(text.replace("network_mode", "network_mod"), encoding="utf-8")
        return bool(lint(copy))


def main(folder: Path) -> int:
    """Runs every check and returns the exit code."""
    places = sorted(path.parent for path in folder.glob("tasks/*/task.toml"))
    if not places:
        print(f"harbor: no task below {folder}")
        return 1
    if not refuses_a_planted_fault(places[0]):
        print("harbor: the lint accepts a misspelled key")
        return 1
    found = [what for name in ("tasks", "continue") for what in wrong_dataset(folder / name)]
    found += wrong_jobs(folder / "jobs", len(places))
    begun = len(list(folder.glob("continue/*/trajectory.json")))
    said = f"harbor: {len(places)} tasks, {begun} of them also begun, load, lint and show as written"
    print("\n".join(found) or said)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
