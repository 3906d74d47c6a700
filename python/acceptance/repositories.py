"""Builds and audits every listed repository and prints the acceptance table.

usage: repositories.py BACKSTORY REPOS_TSV MIRRORS OUT [OWNER/NAME ...]

MIRRORS holds one bare mirror a repository at `owner+name/repo`. The table goes
to stdout as Markdown; the exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path

from runs import closing_object, run

SMALL_BAR = 0.95
AGREEMENT_BAR = 0.02


def row_of(binary: str, listed: dict[str, str], mirrors: Path, out: Path) -> tuple[str, list[str]]:
    """Builds and audits one repository; returns its table row and what it missed."""
    repo = listed["repo"]
    mirror = mirrors / repo.replace("/", "+") / "repo"
    directory = out / repo.replace("/", "__")
    shutil.rmtree(directory, ignore_errors=True)
    build = run([binary, "build", str(mirror), "--head", listed["head_commit"], "-o", str(directory), "--json"])
    if build.code != 0:
        return f"| {repo} | build failed with {build.code} |", [f"{repo}: {build.stderr[-400:]}"]
    counts = closing_object(build.stdout)
    audit = run([binary, "audit", str(directory), "--repo", f"{repo}={mirror}", "--json"])
    missed = missed_bars(repo, listed, counts)
    if audit.code != 0:
        missed.append(f"{repo}: audit exit {audit.code}: {audit.stdout[-400:]}{audit.stderr[-400:]}")
    accepted = counts["accepted"]
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts["rejected"].items()) or "none"
    cells = [
        repo,
        counts["units_found"],
        counts["linked"],
        accepted,
        reasons,
        f"{counts['small_accepted']}/{counts['small_units']}",
        f"{counts['test_source_units']} ({listed['units']})",
        f"{counts['small_test_source_units']} ({listed['units_small']})",
        f"{counts['cpu_seconds']:.1f}",
        f"{accepted / max(counts['cpu_seconds'], 0.001):.0f}",
        f"{counts['peak_rss_mb']:.0f}",
        f"{'100 %' if audit.code == 0 else 'FAILED'} ({audit.cpu_seconds:.1f})",
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |", missed


def missed_bars(repo: str, listed: dict[str, str], counts: dict[str, object]) -> list[str]:
    """Lists the acceptance bars that one build misses."""
    missed = []
    rejected = sum(counts["rejected"].values())
    if counts["units_found"] != counts["accepted"] + rejected:
        missed.append(f"{repo}: the funnel does not add up")
    if counts["small_accepted"] < SMALL_BAR * counts["small_units"]:
        missed.append(f"{repo}: small_accepted is below 95 % of small_units")
    for ours, column in (("test_source_units", "units"), ("small_test_source_units", "units_small")):
        wanted = int(listed[column])
        if abs(counts[ours] - wanted) > AGREEMENT_BAR * wanted:
            missed.append(f"{repo}: {ours} is {counts[ours]}, the column {column} says {wanted}")
    return missed


def main(arguments: list[str]) -> int:
    """Runs the whole table."""
    binary, table, mirrors, out, *wanted = arguments
    Path(out).mkdir(parents=True, exist_ok=True)
    print("| repository | units | linked | accepted | rejected | small accepted | test+source (listed) | of these small (listed) | CPU-s | units/CPU-s | peak MB | audit (CPU-s) |")
    print("|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|")
    missed: list[str] = []
    with open(table, encoding="utf-8", newline="") as lines:
        for listed in csv.DictReader(lines, delimiter="\t"):
            if wanted and listed["repo"] not in wanted:
                continue
            if not (Path(mirrors) / listed["repo"].replace("/", "+") / "repo").exists():
                continue
            row, misses = row_of(binary, listed, Path(mirrors), Path(out))
            print(row, flush=True)
            missed += misses
    print()
    print("Missed bars: none" if not missed else "Missed bars:\n" + "\n".join(f"- {miss}" for miss in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
