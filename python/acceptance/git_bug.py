"""Builds a repository that keeps its issues in itself and accounts for every linked unit.

usage: git_bug.py BACKSTORY MIRROR OUT [--bar N] [--list]

Imports the issues of `refs/bugs`, builds, audits, and prints: how many units have
the text of a real issue as it stood before the change, by link method; the
ceiling; and why every other linked unit has none. `--list` adds one line for each
unit, to be checked by eye. The exit code is 1 when the bar is missed or the audit
finds something.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from runs import run

TRUSTED = ("exact", "not_later_edited")


def unpacked(path: Path) -> bytes:
    """Returns what a file holds that was packed with zstd."""
    return subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout


def records(folder: Path) -> Iterator[dict[str, Any]]:
    """Yields every record of a folder."""
    for path in sorted(folder.glob("*.ndjson*")):
        text = unpacked(path) if path.suffix == ".zst" else path.read_bytes()
        for line in text.splitlines()[1:]:
            yield json.loads(line)


def filed(folder: Path) -> dict[int, float]:
    """Returns when each issue was filed."""
    times: dict[int, float] = {}
    for record in records(folder):
        if record["kind"] == "issue":
            times[record["number"]] = datetime.fromisoformat(record["created_at"]).timestamp()
    return times


def trajectories(out: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Yields every disposition with its trajectory, in the order of the mainline."""
    found = []
    for path in out.glob("units/*/*/result.json"):
        disposition = json.loads(path.read_text())["disposition"]
        stored = path.with_name("trajectory.json.zst")
        found.append((disposition, stored if stored.exists() else None))
    for disposition, stored in sorted(found, key=lambda unit: unit[0]["work"]["position"]):
        yield disposition, json.loads(unpacked(stored)) if stored else None


def why_none(numbers: set[int], began: float, times: dict[int, float]) -> str:
    """Says why none of these numbers gives a unit its requirement."""
    known = {number for number in numbers if number in times}
    if not known:
        return "no issue of this repository has the number"
    if all(times[number] >= began for number in known):
        return "the issue is younger than the work"
    return "another reason"


def main() -> int:
    """Builds, audits and prints the account."""
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("mirror", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bar", type=int, default=60)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    folder, place = options.out / "records", options.out / "run"
    for old in (folder, place):
        shutil.rmtree(old, ignore_errors=True)
    imported = run([options.binary, "records", "import", str(options.mirror), "-o", str(folder)])
    print(imported.stdout + imported.stderr, end="", file=sys.stderr)
    command = [options.binary, "build", str(options.mirror), "--records", str(folder), "-o", str(place)]
    built = run(command)
    print(built.stderr, end="", file=sys.stderr)
    if imported.code or built.code:
        return 1
    times = filed(folder)
    methods, best, misses, stood = Counter(), Counter(), Counter(), Counter()
    units = linked = reached = 0
    for disposition, trajectory in trajectories(place):
        units += 1
        links = (trajectory or {}).get("unit", {}).get("links") or disposition.get("links") or []
        issues = [link for link in links if link["target"] == "issue"]
        if not issues:
            continue
        linked += 1
        if trajectory is None:
            misses[f"rejected: {disposition.get('reason')}"] += 1
            continue
        requirement = trajectory["requirement"]
        began = min(state["authored_at"] for state in trajectory["unit"]["states"])
        if requirement["source"] == "issue" and requirement["as_it_stood"] in TRUSTED:
            reached += 1
            stood[requirement["as_it_stood"]] += 1
            number = int(requirement["record"].split(":")[1])
            found = [link for link in issues if link["number"] == number]
            methods.update({link["method"] for link in found})
            best[max(found, key=lambda link: link["confidence"])["method"]] += 1
        else:
            misses[why_none({link["number"] for link in issues}, began, times)] += 1
        if options.list:
            told = ", ".join(f"#{link['number']} {link['method']} `{link['excerpt']}`" for link in issues)
            print(f"{trajectory['unit']['id']} {requirement['source']} {requirement.get('record')}: {told}")
    audit = run([options.binary, "audit", str(place), "--repo", str(options.mirror), "--records", str(folder)])
    print(f"units {units}, linked to a number {linked}, issues {len(times)}")
    print(f"requirement is a real issue as it stood: {reached} ({dict(stood)}); ceiling {linked}")
    print("\n| method | units it links to their issue | of these it is the surest |\n|---|--:|--:|")
    for method, count in methods.most_common():
        print(f"| {method} | {count} | {best[method]} |")
    print("\n| linked units without the text of an issue | units |\n|---|--:|")
    for reason, count in misses.most_common():
        print(f"| {reason} | {count} |")
    print(f"\naudit: exit code {audit.code}\n{audit.stderr.strip()[-300:]}")
    return 0 if reached >= options.bar and audit.code == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
