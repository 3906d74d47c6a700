"""Imports reports and logs that other projects keep for their own tests.

usage: records_reports.py BACKSTORY MIRRORS OUT

MIRRORS holds bare clones as `OWNER+NAME/repo`; a set whose clone is not there is
skipped, and said so. Nothing of them is kept but what is laid out in OUT.

- BugSwarm/bugswarm: logs of GitHub Actions jobs, answers of its interface, and logs of
  Travis, a form that is not read.
- EnricoMi/publish-unit-test-result-action: reports in many forms. Beside each stands what
  that project reads of it, test by test, which is compared by outcome.
- dorny/test-reporter: reports of real projects.

Prints a table of each set, then every broken item with its place and every file whose
tests are other than expected. The exit code is 1 when a log or a JUnit report is not
taken, a form that is not read is taken, or something differs that is not explained here.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMMIT = "a" * 40

OUTCOMES = {
    "passed": "success", "failed": "failure", "timed_out": "failure", "errored": "error",
    "skipped": "skipped", "x_failed": "skipped", "xfailed": "skipped",
}
"""What the other project calls our outcomes."""

EXPLAINED = {
    "the report holds no test": "a report without a test case",
    "a test case has no name": "a test that nobody can name again",
    "the report ends early": "a file that was cut",
    "a failure is reported outside of any test": "a failure of a whole suite",
    "the report lists more tests than it counts: some that read as passed are to do":
        "jest-junit leaves out that a test is to do",
}
"""Reasons that are no fault of the reader."""

ALIKE = {
    "xunit/mstest/fixie.junit-xml": "tests of one name are one test, by its worst outcome",
}
"""Reports whose tests count otherwise here, and why."""

STAMP = re.compile(rb"(?:\xef\xbb\xbf)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def laid_out(mirror: Path, folder: Path, below: str, wanted: re.Pattern[str]) -> tuple[list[str], int]:
    """Writes the files of HEAD that are wanted; returns their names, and how many the clone lacks."""
    git = ["git", "-C", str(mirror)]
    listed = subprocess.run([*git, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", below],
                            capture_output=True, check=True).stdout.decode()
    names = [name for name in listed.split("\0") if wanted.search(name)]
    asked = "".join(f"HEAD:{name}\n" for name in names).encode()
    answer = subprocess.run([*git, "cat-file", "--batch"], input=asked, capture_output=True, check=False).stdout
    shutil.rmtree(folder, ignore_errors=True)
    found, at = [], 0
    for name in names:
        end = answer.index(b"\n", at)
        head, at = answer[at:end], end + 1
        if head.endswith(b"missing"):
            continue
        size = int(head.rsplit(b" ", 1)[1])
        place = folder / name.removeprefix(below).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(answer[at:at + size])
        at += size + 1
        found.append(name)
    return found, len(names) - len(found)


def imported(binary: str, path: Path, out: Path) -> dict[str, Any]:
    """Imports a file or folder into a fresh folder of records and returns the account."""
    shutil.rmtree(out, ignore_errors=True)
    command = [binary, "records", "import", str(path), "-o", str(out), "--repo", "acme/toy",
               "--commit", COMMIT, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    account: dict[str, Any] = json.loads(done.stdout)
    return account


def outcomes(out: Path) -> Counter[str]:
    """Counts the tests of a folder of records by outcome."""
    counts: Counter[str] = Counter()
    for path in out.glob("*.ndjson*"):
        text = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
        for line in text.splitlines():
            record = json.loads(line)
            if record["kind"] == "test_result":
                counts[OUTCOMES[record["outcome"]]] += record.get("entries") or 1
    return counts


def in_words(counts: Counter[str]) -> str:
    """Writes counts as a list."""
    return ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items())) or "none"


class Report:
    """What is said at the end."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.notes: list[str] = []
        self.bad: list[str] = []

    def add(self, name: str, account: dict[str, Any], missing: int) -> None:
        """Adds a row for a set, and its broken items."""
        reasons: Counter[str] = Counter()
        taken: Counter[str] = Counter()
        for file in account["files"]:
            taken[file["taken_for"] or "not taken"] += 1
            for item in file["broken"]:
                reasons[item["why"]] += 1
                self.notes.append(f"{name}: {file['name']}: {item['at']}: {item['why']}")
                if item["why"] not in EXPLAINED:
                    self.bad.append(f"{name}: {file['name']}: {item['at']}: not explained: {item['why']}")
        records = Counter(account["records"])
        counts = [in_words(found) for found in (taken, records, reasons)]
        self.rows.append([name, f"{len(account['files']):,}", str(missing), *counts])

    def must(self, name: str, account: dict[str, Any], expected: str | None, but: tuple[str, ...] = ()) -> None:
        """Says which files were taken for something else than they are."""
        for file in account["files"]:
            if file["name"] in but:
                self.notes.append(f"{name}: {file['name']}: no line has a time, so that it is no log of a job")
            if file["taken_for"] != (None if file["name"] in but else expected):
                self.bad.append(f"{name}: {file['name']}: taken for {file['taken_for']}, not {expected}")

    def show(self) -> int:
        """Prints everything; returns the exit code."""
        print("| set | files | not in the clone | taken for | records | broken |")
        print("|---|--:|--:|---|---|---|")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")
        print()
        print("\n".join(self.notes))
        for line in self.bad:
            print(f"BAD {line}", file=sys.stderr)
        return 1 if self.bad else 0


def bugswarm(binary: str, mirror: Path, out: Path, report: Report) -> None:
    """Logs of Actions and answers are read, logs of Travis are not."""
    sets = [
        ("Actions logs", "tests/analyzer/github_data", r"\.log$", "GitHub Actions log"),
        ("Actions logs as cached", "github-cacher/tests/data/integration-test/orig-logs", r"\.log$", "GitHub Actions log"),
        ("answers: jobs", "github-pair-finder/tests/data", r"/jobs-responses/", "github rest"),
        ("answers: commits", "github-pair-finder/tests/data", r"/commit-responses/", "github rest"),
        ("Travis logs", "tests/analyzer/travis_data", r"\.log$", None),
    ]
    for name, below, wanted, expected in sets:
        folder = out / "bugswarm" / name.replace(" ", "-").replace(":", "")
        _, missing = laid_out(mirror, folder, below, re.compile(wanted))
        account = imported(binary, folder, out / "bugswarm-records")
        report.add(f"bugswarm, {name}", account, missing)
        # BugSwarm's own reproductions stand beside what Actions wrote.
        bare = [file["name"] for file in account["files"] if not STAMP.match((folder / file["name"]).read_bytes())]
        report.must(f"bugswarm, {name}", account, expected, tuple(bare) if expected == "GitHub Actions log" else ())


JUNIT_ROOT = re.compile(rb"<(?:testsuites?)[\s>/]")


def is_junit(path: Path) -> bool:
    """Returns true for a file whose root is that of a JUnit report."""
    body = re.sub(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", b"", path.read_bytes(), flags=re.DOTALL)
    return JUNIT_ROOT.match(body.lstrip(b"\xef\xbb\xbf \t\r\n")) is not None


def reports(binary: str, folder: Path, out: Path) -> Iterator[tuple[Path, dict[str, Any], Counter[str]]]:
    """Imports each report on its own; yields file, account and the tests by outcome."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".xml", ".trx", ".json", ".junit-xml"):
            account = imported(binary, path, out)
            yield path, account, outcomes(out)


def enrico(binary: str, mirror: Path, out: Path, report: Report) -> None:
    """Reports with what another reader makes of them."""
    name, folder = "publish-unit-test-result-action", out / "enrico"
    below = "python/test/files"
    _, missing = laid_out(mirror, folder, below, re.compile(r"(?<!results)\.(xml|trx|json|junit-xml)$"))
    _, _ = laid_out(mirror, out / "enrico-expected", below, re.compile(r"\.results$"))
    report.add(name, imported(binary, folder, out / "enrico-records"), missing)
    compared = equal = 0
    for path, account, found in reports(binary, folder, out / "enrico-records"):
        relative = path.relative_to(folder)
        account["files"][0]["name"] = str(relative)
        report.must(name, account, "JUnit report" if is_junit(path) else None)
        expected = out / "enrico-expected" / relative.with_suffix(".results")
        if account["files"][0]["taken_for"] is None or not expected.exists():
            continue
        said = re.findall(r"^ +result='([a-z]+)'", expected.read_text(), flags=re.MULTILINE)
        # A test that is disabled was skipped: there is no word of its own for it.
        wanted = Counter("skipped" if word == "disabled" else word for word in said)
        compared += 1
        equal += found == wanted
        if found != wanted:
            why = ALIKE.get(str(relative))
            told = f"{name}: {relative}: expected {dict(wanted)}, found {dict(found)}: {why or 'not explained'}"
            (report.notes if why else report.bad).append(told)
    report.notes.append(f"{name}: of {compared} reports with an expected result {equal} have the same tests by outcome")


def dorny(binary: str, mirror: Path, out: Path, report: Report) -> None:
    """Reports of real projects."""
    name, folder = "test-reporter", out / "dorny"
    _, missing = laid_out(mirror, folder, "__tests__/fixtures", re.compile(r"\.(xml|trx|json)$"))
    report.add(name, imported(binary, folder, out / "dorny-records"), missing)
    for path, account, _ in reports(binary, folder, out / "dorny-records"):
        account["files"][0]["name"] = str(path.relative_to(folder))
        report.must(name, account, "JUnit report" if is_junit(path) else None)


SETS = {
    "BugSwarm+bugswarm": bugswarm,
    "EnricoMi+publish-unit-test-result-action": enrico,
    "dorny+test-reporter": dorny,
}


def main(binary: str, mirrors: str, out: str) -> int:
    """Runs every set whose clone is there."""
    report = Report()
    for name, run in SETS.items():
        mirror = Path(mirrors) / name / "repo"
        if mirror.exists():
            run(binary, mirror, Path(out), report)
        else:
            print(f"skipped: no clone of {name.replace('+', '/')}")
    return report.show()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
