"""Does `backstory records github` hold against what GitHub really answered?

usage: records_replayed.py BACKSTORY OUT

Installs the source archive of PyGithub below OUT (LGPL, so it is fetched and never
kept), serves its recorded traffic on this machine, and lets the program collect two
repositories from it through `--url`. Checked are: every recorded object becomes a
record once, over pages that are linked; a second collection gets no answer twice but full last pages;
recorded limits and failures are waited for and change nothing; a collection that is
killed with signal 9 at any of several questions goes on and ends with the same bytes,
having asked nothing twice but the question it was killed at. Prints one line for each
collection. Exit code 1 when something differs.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from records_github import PYGITHUB, pypi_source
from replayed_github import TOKEN, Forge, open_forge, recording

REPOSITORIES = {
    "openframeworks/openFrameworks": ("openframeworks/openFrameworks",),
    "PyGithub/PyGithub": ("PyGithub/PyGithub", "jacquev6/PyGithub"),
}
"""Repositories with much recorded traffic, and what they were called."""

WITH_LIMITS = "PyGithub/PyGithub"
"""The repository that is also collected under limits, which take time."""

LIMITED = {2: "secondary", 4: "broken", 6: "primary"}
"""Recorded failures, by the number of the question they answer. Each costs a wait."""

KILLED_AT = (0.01, 0.5, 1.0)
"""Where collections are killed, as shares of all questions."""


def command(binary: str, forge: Forge, repo: str, out: Path) -> list[str]:
    """Returns the command that collects a repository."""
    return [binary, "records", "github", repo, "--url", forge.base, "-o", str(out), "--format", "json"]


def surroundings() -> dict[str, str]:
    """Returns an environment with the token of the server, and without a proxy."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {**kept, "BACKSTORY_GITHUB_TOKEN": TOKEN}


def collected(binary: str, forge: Forge, repo: str, out: Path) -> dict[str, object]:
    """Collects a repository and returns the account."""
    done = subprocess.run(
        command(binary, forge, repo, out), env=surroundings(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"collecting {repo} ended with {done.returncode}: {done.stderr[-600:]}")
    return json.loads(done.stdout)


def killed(binary: str, forge: Forge, repo: str, out: Path, at: int) -> None:
    """Collects a repository and kills the program at a question, before its answer."""
    running = subprocess.Popen(
        command(binary, forge, repo, out), env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def kill(number: int) -> None:
        if number == at:
            running.kill()
            running.wait()

    forge.on_question = kill
    if running.wait() != -signal.SIGKILL:
        raise SystemExit(f"collecting {repo} ended by itself before question {at}")
    forge.on_question = lambda _: None


def files(folder: Path) -> dict[str, str]:
    """Returns the digest of every file of a records folder."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def answered(forge: Forge) -> list[str]:
    """Returns the questions that were answered with something."""
    return [path for path, status in forge.asked if status == 200]


def recorded(forge: Forge) -> dict[str, set[str]]:
    """Returns the ids that the recorded objects have as records, for kinds with a list of their own."""
    lists = forge.read.lists
    issues = lists.get("/issues", {}).values()
    comments = [*lists.get("/issues/comments", {}).values(), *lists.get("/pulls/comments", {}).values()]
    runs = lists.get("/actions/runs", {}).values()
    return {
        "issue": {f"issue:{one['number']}" for one in issues if not is_change(one)},
        "change": {f"change:{one['number']}" for one in lists.get("/pulls", {}).values()},
        "comment": {f"comment:{one['id']}" for one in comments},
        "ci_run": {f"run:{one['id']}" for one in runs},
    }


def is_change(issue: dict[str, object]) -> bool:
    """Returns whether an issue of a list is a pull request; once all had the key, without a value."""
    return any((issue.get("pull_request") or {}).values())


def stored(binary: str, out: Path) -> dict[str, set[str]]:
    """Returns the ids of the records of a folder, by kind."""
    lines = out.with_suffix(".ndjson")
    export = [binary, "records", "export", str(out), "-o", str(lines), "--keep-authors"]
    subprocess.run(export, check=True, capture_output=True)
    found: dict[str, set[str]] = {}
    for line in lines.read_text(encoding="utf-8").splitlines()[1:]:
        record = json.loads(line)
        found.setdefault(record["kind"], set()).add(record["id"].split("/")[0])
    return found


@dataclass
class Check:
    """The collections of one repository, and what is wrong with them."""

    binary: str
    forge: Forge
    repo: str
    folder: Path
    wrong: list[str] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    linked: int = 0

    def say(self, what: str, told: object) -> None:
        """Prints one line."""
        answers = Counter(status for _, status in self.forge.asked)
        counts = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
        print(f"{self.repo}, {what}: {len(self.forge.asked)} answers ({counts}); {told}")

    def undisturbed(self) -> None:
        """Collects, and compares with what was recorded."""
        self.forge.begin()
        out = self.folder / "plain"
        told = collected(self.binary, self.forge, self.repo, out)["records"]
        self.say("first", told)
        linked = sum(path.startswith("/repositories/") for path in answered(self.forge))
        self.linked = linked
        print(f"{self.repo}: {linked} pages by their links")
        self.expected = files(out)
        self.questions = [path for path, _ in self.forge.asked]
        found = stored(self.binary, out)
        for kind, ids in recorded(self.forge).items():
            if lost := ids - found.get(kind, set()):
                self.wrong.append(f"{len(lost)} of {len(ids)} recorded {kind} are lost, e.g., {min(lost)}")

    def again(self) -> None:
        """Collects a second time; nothing has changed, so nothing may be told again."""
        known = set(answered(self.forge))
        self.forge.begin()
        out = self.folder / "plain"
        records = {name: digest for name, digest in files(out).items() if "collect" not in name}
        told = collected(self.binary, self.forge, self.repo, out)["records"]
        self.say("second", told or "nothing new")
        twice = [path for path in answered(self.forge) if path in known and not is_root(path)]
        # The etag of a full page does not tell what was added behind it, so that it is asked for without.
        full = [path for path in twice if path.lower() in self.forge.full]
        print(f"{self.repo}: {len(full)} full last page asked for again")
        twice = [path for path in twice if path not in full]
        self.wrong += [f"told twice: {path}" for path in twice]
        left = {name: digest for name, digest in files(out).items() if "collect" not in name}
        if told or left != records:
            self.wrong.append(f"the second collection has new records: {told}")

    def limited(self) -> None:
        """Collects while the forge limits the rate and fails."""
        self.forge.begin()
        self.forge.faults = dict(LIMITED)
        out = self.folder / "limited"
        self.say("limited", collected(self.binary, self.forge, self.repo, out)["records"])
        if files(out) != self.expected:
            self.wrong.append(f"limits change files: {differing(files(out), self.expected)}")
        if len(self.forge.asked) != len(self.questions) + len(LIMITED):
            self.wrong.append(f"{len(self.forge.asked)} questions with limits, {len(self.questions)} without")

    def killed(self, at: int) -> None:
        """Kills a collection at a question and goes on."""
        self.forge.begin()
        out = self.folder / f"killed-{at}"
        killed(self.binary, self.forge, self.repo, out, at)
        told = collected(self.binary, self.forge, self.repo, out)
        self.say(f"killed at {at}", f"{told['resumed']} answers from before")
        if files(out) != self.expected:
            self.wrong.append(f"killed at {at}: other files: {differing(files(out), self.expected)}")
        asked = Counter(path for path, _ in self.forge.asked)
        more = asked - Counter(self.questions)
        if more != Counter([self.questions[at - 1]]):
            self.wrong.append(f"killed at {at}: asked twice: {dict(more)}")


def is_root(path: str) -> bool:
    """Returns whether a question is the one that every collection begins with."""
    return path.count("/") == 3 and path.startswith("/repos/")


def differing(files: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Returns the names of files that are not the same."""
    return sorted(name for name in files.keys() | expected.keys() if files.get(name) != expected.get(name))


def main(binary: str, out: str) -> int:
    """Checks every repository and returns the exit code."""
    source = pypi_source(PYGITHUB, Path(out) / "packages")
    wrong: list[str] = []
    linked = 0
    for repo, names in REPOSITORIES.items():
        forge = open_forge(recording(source, *names))
        with tempfile.TemporaryDirectory() as folder:
            check = Check(binary, forge, repo, Path(folder))
            check.undisturbed()
            check.again()
            if repo == WITH_LIMITS:
                check.limited()
            for share in KILLED_AT:
                check.killed(max(1, int(share * len(check.questions))))
            wrong += [f"{repo}: {one}" for one in check.wrong + forge.wrong]
            linked += check.linked
    # Lists that are sorted by change are read on by time, all others by their links.
    if not linked:
        wrong.append("no link to a next page was followed")
    for one in wrong:
        print(f"wrong: {one}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
