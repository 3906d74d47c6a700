"""Runs the workflow of the bundled example with a real runner and keeps what it says.

In: the example's repository, the runner `act`, a folder for its work. Out: record files and
logs (docs/records.md), or, with `--check`, the differences from the kept ones. Times,
durations and the runner's own folder differ each time and are not compared.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# The authored commits of pull requests 2, 6 and 24, by the start of their subjects.
SUBJECTS = [
    "Add failing tests for durations with spaces",
    "Parse durations with units and spaces",
    "Let a span cross midnight",
    "Reject spans without length",
    "Keep where an entry stands and when it starts",
    "Write down what daybook check should find",
    "Find overlaps, misdated days and overlong days",
]
WORKFLOW = ".github/workflows/ci.yml"
REPO = "tidewater/daybook"
ENDED = {"success": "success", "failure": "failure", "skipped": "skipped"}


def git(repo: Path, *arguments: str) -> str:
    """Runs git and returns what it prints."""
    command = ["git", "-C", str(repo), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commits(repo: Path) -> list[str]:
    """Returns the commits to run, by subject."""
    known = {}
    for line in git(repo, "log", "--all", "--format=%H %s").splitlines():
        commit, subject = line.split(" ", 1)
        known[subject] = commit
    return [known[subject] for subject in SUBJECTS]


def run(act: str, repo: Path, commit: str, work: Path) -> list[dict]:
    """Runs the workflow at a commit and returns the events of the runner."""
    checkout = work / "checkout"
    shutil.rmtree(checkout, ignore_errors=True)
    git(work, "clone", "--quiet", str(repo.resolve()), str(checkout))
    git(checkout, "checkout", "--quiet", "-B", "main", commit)
    git(checkout, "remote", "set-url", "origin", f"https://github.com/{REPO}")
    served = work / "served" / f"{REPO}.git"
    if not served.exists():
        served.parent.mkdir(parents=True)
        served.symlink_to(repo.resolve())
        git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
    command = [act, "pull_request", "--json", "-P", "ubuntu-latest=-self-hosted"]
    command += ["--env", f"GITHUB_SERVER_URL=file://{work / 'served'}"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(work / "cache"), "HOME": str(work)}
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=600
    )
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not any("jobResult" in event for event in events):
        sys.exit(f"error: the runner did not finish at {commit}: {done.stderr.strip()}")
    return events


def records(events: list[dict], commit: str) -> tuple[list[dict], bytes]:
    """Returns the run, its one job and the record of its log; and the log."""
    own = [event for event in events if event.get("jobID")]
    name, first, last = own[0]["job"].split("/", 1)[-1], own[0]["time"], own[-1]["time"]
    steps: dict[str, dict] = {}
    for event in own:
        if event.get("stage") != "Main":
            continue
        number = event["stepID"][0]
        step = steps.setdefault(
            number, {"number": int(number) + 1, "name": event["step"], "started_at": event["time"]}
        )
        if "stepResult" in event:
            step["conclusion"] = ENDED[event["stepResult"]]
            step["finished_at"] = event["time"]
    printed = "".join(event["msg"] for event in own if event.get("raw_output"))
    log = printed.encode()
    # Every leg of a matrix is told the result of all, so the steps decide.
    red = any(step.get("conclusion") == "failure" for step in steps.values())
    ended = {"conclusion": "failure" if red else "success"}
    ended |= {"started_at": first, "finished_at": last, "observed_at": last}
    run_id, job_id = f"run:act/{commit[:12]}", f"job:act/{commit[:12]}/{name}"
    digest = hashlib.sha256(log).hexdigest()
    job = {"kind": "ci_job", "id": job_id, "run": run_id, "name": name, **ended}
    job |= {"steps": list(steps.values()), "log": f"log:{digest}"}
    reference = {"kind": "log_ref", "id": f"log:{digest}", "job": job_id, "sha256": digest}
    reference |= {"bytes": len(log), "encoding": "utf-8", "complete": True, "observed_at": last}
    run_record = {"kind": "ci_run", "id": run_id, "commit": commit, "workflow": WORKFLOW}
    run_record |= {"attempt": 1, "event": "pull_request", **ended}
    return [run_record, job, reference], log


def write(folder: Path, told: list[tuple[list[dict], bytes]]) -> None:
    """Writes the record file and the logs."""
    shutil.rmtree(folder / "logs", ignore_errors=True)
    header = {"kind": "header", "format": "backstory-records", "version": 1}
    header |= {"source": "act 0.2.89, by scripts/example-ci", "repo": REPO}
    lines = [header] + [record for found, _ in told for record in found]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "ci.ndjson").write_text(text)
    for found, log in told:
        digest = found[-1]["sha256"]
        place = folder / "logs" / digest[:2] / f"{digest}.zst"
        place.parent.mkdir(parents=True, exist_ok=True)
        command = ["zstd", "--quiet", "--force", "-19", "-o", str(place)]
        subprocess.run(command, input=log, check=True)


def kept(folder: Path) -> list[tuple[list[dict], bytes]]:
    """Reads what `write` wrote."""
    lines = (folder / "ci.ndjson").read_text().splitlines()[1:]
    all_records = [json.loads(line) for line in lines]
    told = []
    for at in range(0, len(all_records), 3):
        found = all_records[at : at + 3]
        digest = found[-1]["sha256"]
        command = ["zstd", "--quiet", "--decompress", "--stdout"]
        command.append(str(folder / "logs" / digest[:2] / f"{digest}.zst"))
        log = subprocess.run(command, check=True, capture_output=True).stdout
        told.append((found, log))
    return told


def comparable(told: list[tuple[list[dict], bytes]]) -> list[object]:
    """Takes out what differs each time: times, durations, folders, versions, addresses."""

    def without_times(value: object) -> object:
        if isinstance(value, dict):
            varying = {"started_at", "finished_at", "observed_at", "sha256", "bytes", "log", "id"}
            return {key: without_times(part) for key, part in value.items() if key not in varying}
        if isinstance(value, list):
            return [without_times(part) for part in value]
        return value

    plain = []
    for found, log in told:
        text = re.sub(r"\x1b\[[0-9;]*m", "", log.decode())
        text = re.sub(r"\S*/act/[0-9a-f]+/hostexecutor", "ROOT", text)
        text = re.sub(r"=+ (.*) in [0-9.]+s =+", r"\1", text)
        text = re.sub(r"(?m)^platform .*$", "platform", text)
        text = re.sub(r"(?m)^\S+/lib/python3\S+: ", "PYTHON: ", text)
        plain.append([without_times(found), text])
    return plain


def main() -> None:
    """Makes the records, or compares them with the kept ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path, help="the bare repository of the example")
    parser.add_argument("folder", type=Path, help="the folder of the records")
    parser.add_argument("--act", required=True, help="the runner")
    parser.add_argument("--work", type=Path, required=True, help="a folder for the runner")
    parser.add_argument("--check", action="store_true", help="compare with the kept records")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    told = []
    for commit in commits(given.repo):
        told.append(records(run(given.act, given.repo, commit, given.work.resolve()), commit))
        ended = told[-1][0][1]["conclusion"]
        print(f"{commit[:12]} {ended}", file=sys.stderr)
    if not given.check:
        write(given.folder, told)
        return
    pairs = zip(comparable(kept(given.folder)), comparable(told), strict=True)
    different = [commit for commit, (old, new) in zip(commits(given.repo), pairs) if old != new]
    for commit in different:
        print(f"error: CI says something else at {commit[:12]}", file=sys.stderr)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
