"""Runs the workflow of the bundled example with a real runner and keeps what it says.

In: the example's repository, the runner `act`, the `backstory` that imports its events.
Out: a record file and its logs (docs/records.md), or, with `--check`, the differences from
the kept ones. Times, durations and the folders of the runner differ and are not compared.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# The authored commits of pull requests 2, 6 and 24, by their subjects.
SUBJECTS = [
    "Add failing tests for durations with spaces",
    "Parse durations with units and spaces",
    "Let a span cross midnight",
    "Reject spans without length",
    "Keep where an entry stands and when it starts",
    "Write down what daybook check should find",
    "Find overlaps, misdated days and overlong days",
]
REPO = "tidewater/daybook"
VARYING = {"started_at", "finished_at", "observed_at", "sha256", "bytes", "log", "id", "run", "job"}


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


def interpreter(work: Path) -> Path:
    """Copies this Python into the work, so that no log names a folder of this machine."""
    copied = work / "python"
    shutil.copytree(sys.base_prefix, copied, symlinks=True)
    (copied / "bin" / "python").unlink(missing_ok=True)
    (copied / "bin" / "python").symlink_to("python3")
    return copied / "bin"


def served(repo: Path, work: Path) -> Path:
    """Puts the repository where the runner asks for it instead of the forge."""
    place = work / "served" / f"{REPO}.git"
    place.parent.mkdir(parents=True)
    place.symlink_to(repo.resolve())
    git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
    return work / "served"


def run(act: str, repo: Path, commit: str, work: Path) -> bytes:
    """Runs the workflow at a commit and returns the events of the runner."""
    checkout = work / "checkout"
    shutil.rmtree(checkout, ignore_errors=True)
    git(work, "clone", "--quiet", str(repo.resolve()), str(checkout))
    git(checkout, "checkout", "--quiet", "-B", "main", commit)
    git(checkout, "remote", "set-url", "origin", f"https://github.com/{REPO}")
    command = [act, "pull_request", "--json", "-P", "ubuntu-latest=-self-hosted"]
    command += ["--env", f"GITHUB_SERVER_URL=file://{work / 'served'}"]
    path = f"{work / 'python' / 'bin'}:{os.environ['PATH']}"
    own = {"XDG_CACHE_HOME": str(work / "cache"), "HOME": str(work), "PATH": path}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYENV")}
    done = subprocess.run(
        command, cwd=checkout, env=environment | own, capture_output=True, timeout=600
    )
    if b'"jobResult"' not in done.stdout:
        sys.exit(f"error: the runner did not finish at {commit}: {done.stderr.decode().strip()}")
    return done.stdout


def imported(backstory: str, told: dict[str, bytes], work: Path, folder: Path) -> None:
    """Imports the events of every commit and writes the record file and the logs."""
    for commit, events in told.items():
        file = work / f"{commit}.json"
        file.write_bytes(events)
        command = [backstory, "records", "import", str(file), "--repo", REPO]
        subprocess.run([*command, "--commit", commit, "-o", str(work / "records")], check=True)
    shutil.rmtree(folder / "logs", ignore_errors=True)
    command = [backstory, "records", "export", str(work / "records")]
    command += ["-o", str(folder / "ci.ndjson"), "--logs", str(folder / "logs")]
    subprocess.run(command, check=True)


def comparable(folder: Path) -> list[str]:
    """Returns the records and the logs without what differs each time, sorted."""

    def steady(value: object) -> object:
        if isinstance(value, dict):
            return {key: steady(part) for key, part in value.items() if key not in VARYING}
        if isinstance(value, list):
            return [steady(part) for part in value]
        return value

    lines = (folder / "ci.ndjson").read_text().splitlines()[1:]
    parts = [json.dumps(steady(json.loads(line)), sort_keys=True) for line in lines]
    for log in (folder / "logs").rglob("*.zst"):
        command = ["zstd", "--quiet", "--decompress", "--stdout", str(log)]
        text = subprocess.run(command, check=True, capture_output=True).stdout.decode()
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
        text = re.sub(r"[^\s'(]*/act/[0-9a-f]+/hostexecutor", "ROOT", text)
        text = re.sub(r"=+ (.*) in [0-9.]+s =+", r"\1", text)
        text = re.sub(r"(?m)^platform .*$", "platform", text)
        parts.append(re.sub(r"(?m)^\S+/lib/python3\S+: ", "PYTHON: ", text))
    return sorted(parts)


def main() -> None:
    """Makes the records, or compares them with the kept ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path, help="the bare repository of the example")
    parser.add_argument("folder", type=Path, help="the folder of the records")
    parser.add_argument("--act", required=True, help="the runner")
    parser.add_argument("--backstory", required=True, help="what imports its events")
    parser.add_argument("--check", action="store_true", help="compare with the kept records")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="daybook-ci-", dir="/var/tmp") as place:
        work = Path(place)
        interpreter(work)
        served(given.repo, work)
        told = {commit: run(given.act, given.repo, commit, work) for commit in commits(given.repo)}
        if not given.check:
            imported(given.backstory, told, work, given.folder)
            return
        again = work / "again"
        again.mkdir()
        imported(given.backstory, told, work, again)
        kept, found = comparable(given.folder), comparable(again)
    for part in sorted(set(kept) ^ set(found)):
        told_by = "kept" if part in kept else "said now"
        print(f"error: {told_by} only: {part[:2000]}", file=sys.stderr)
    sys.exit(0 if kept == found else 1)


if __name__ == "__main__":
    main()
