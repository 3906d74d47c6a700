"""Executes chosen units of real repositories and prints what came of them.

usage: execution.py BACKSTORY MIRRORS OUT [--cache DIR] [--only OWNER/NAME[@ERA]] [--count N] [--jobs N] [--mutants N] [--repeats N]

MIRRORS holds one bare mirror a repository at `owner+name/repo`. Units are the
newest ones that touch test code and source code. The tables go to stdout as
Markdown; the exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from runs import run


@dataclass(frozen=True)
class Group:
    """Units of one repository, and the share of them that must be confirmed."""

    repo: str
    era: str
    count: int
    bar: float | None
    before: str | None = None

    @property
    def name(self) -> str:
        """What the group is called on the command line and in folders."""
        return f"{self.repo}@{self.era}"


RECENT = 0.85
OLD = 0.50
GROUPS = [
    *(
        Group(repo, "recent", 15, RECENT)
        for repo in (
            "pallets/click",
            "andialbrecht/sqlparse",
            "more-itertools/more-itertools",
            "pypa/packaging",
            "jd/tenacity",
        )
    ),
    *(
        Group(repo, "2019", 10, OLD, before="2020-01-01")
        for repo in ("pallets/click", "pallets/jinja", "marshmallow-code/marshmallow")
    ),
    Group("sharkdp/fd", "recent", 6, None),
    Group("tokio-rs/bytes", "recent", 6, None),
    Group("axios/axios", "recent", 6, None),
]


def chosen(binary: str, mirror: Path, group: Group, out: Path) -> tuple[str, list[str]]:
    """Returns the head to start from and the newest units with tests and source."""
    head = "HEAD"
    if group.before:
        command = ["git", "--git-dir", str(mirror), "rev-list", "--first-parent", "-1", f"--before={group.before}", "HEAD"]
        head = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    plain = out / "plain" / group.name.replace("/", "__")
    shutil.rmtree(plain, ignore_errors=True)
    built = run([binary, "build", str(mirror), "--head", head, "--limit", str(group.count * 12), "-o", str(plain)])
    if built.code != 0:
        sys.exit(f"{group.name}: {built.stderr[-400:]}")
    units = [json.loads(path.read_text())["disposition"] for path in plain.glob("units/*/*/result.json")]
    both = [unit for unit in units if unit["labels"] and unit["labels"]["test_source"]]
    both.sort(key=lambda unit: -unit["work"]["position"])
    return head, [unit["work"]["unit"] for unit in both[: group.count]]


def cause(outcome: dict[str, str]) -> str:
    """Says why a unit has no confirmed instance."""
    text = outcome.get("detail") or outcome.get("gate") or ""
    return f"{outcome['kind']}: {text}" if text else outcome["kind"]


def executed(binary: str, mirror: Path, group: Group, options: argparse.Namespace) -> list[dict[str, object]]:
    """Executes the units of a group and returns their dispositions."""
    head, units = chosen(binary, mirror, group, options.out)
    place = options.out / "executed" / group.name.replace("/", "__")
    named = [word for unit in units for word in ("--unit", unit)]
    command = [binary, "build", str(mirror), "--head", head, *named, "--execute", "-o", str(place)]
    command += ["--jobs", str(options.jobs), "--cache", str(options.cache)]
    command += ["--mutants", str(options.mutants), "--repeats", str(options.repeats)]
    built = run(command)
    print(built.stderr[-1500:], file=sys.stderr)
    if built.code != 0:
        sys.exit(f"{group.name}: build ended with {built.code}")
    found = [json.loads(path.read_text())["disposition"] for path in place.glob("units/*/*/result.json")]
    return sorted(found, key=lambda unit: -unit["work"]["position"])


def main() -> int:
    """Runs every group and prints the two tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("out/cache"))
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--count", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mutants", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rows, causes, missed = [], [], []
    for group in GROUPS:
        if options.only and group.name not in options.only and group.repo not in options.only:
            continue
        if options.count:
            group = Group(group.repo, group.era, options.count, group.bar, group.before)
        mirror = options.mirrors / group.repo.replace("/", "+") / "repo"
        units = executed(options.binary, mirror, group, options)
        summaries = [(unit["work"]["unit"], unit["execution"]) for unit in units]
        good = [unit for unit, summary in summaries if summary and summary["fail_to_pass"] > 0]
        confirmed = [unit for unit, summary in summaries if summary and summary["outcome"]["kind"] == "confirmed"]
        share = len(confirmed) / max(len(units), 1)
        runs = sum(summary["runs"] for _, summary in summaries if summary)
        rows.append(f"| {group.repo} | {group.era} | {len(units)} | {len(good)} | {len(confirmed)} | {share:.0%} | {runs} |")
        for unit, summary in summaries:
            if unit not in confirmed:
                causes.append(f"| {unit} | {cause(summary['outcome']) if summary else 'not executed'} |")
        if group.bar is not None and share < group.bar:
            missed.append(f"{group.name}: {share:.0%} confirmed, {group.bar:.0%} wanted")
    print("| repository | units | executed | FAIL_TO_PASS | confirmed | share | runs |")
    print("|---|---|--:|--:|--:|--:|--:|")
    print("\n".join(rows))
    print("\n| unit | cause |\n|---|---|")
    print("\n".join(causes))
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
