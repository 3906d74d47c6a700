"""Imports the recorded answers of GitLab and Jenkins that perceval is tested with.

usage: records_forges.py BACKSTORY OUT

Fetches the source archive of `perceval` (GPL-3, so it is fetched and never kept),
imports its folders and prints, for each, files, records by kind and broken items.
The exit code is 1 when a file is not known or an item is broken without a reason
that is written down here. Skips, and says so, when the archive cannot be had.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

PACKAGE = "perceval==1.6.1"

EXPLAINED = ("nothing tells which merge request it belongs to",)
"""Reasons that are no fault of the reader: the file does not say it."""

UNKNOWN = ("jenkins_jobs_empty.json", "jenkins_job_builds_empty.json")
"""Files that hold an empty object."""


def fetched(folder: Path) -> Path | None:
    """Unpacks the archive; returns its test data, or None when it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    done = subprocess.run([*command, PACKAGE, "-d", str(folder)], capture_output=True, text=True, check=False)
    archives = sorted(folder.glob("perceval-*.tar.gz"))
    if not archives:
        print(f"skipped: {PACKAGE} cannot be fetched: {done.stderr.strip()[-200:]}")
        return None
    with tarfile.open(archives[-1]) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("perceval-*/tests/data"))


def main(binary: str, out: str) -> int:
    """Imports both folders and prints the table."""
    data = fetched(Path(out) / "perceval")
    if data is None:
        return 0
    print("| file set | files | taken for | records | not kept | broken |")
    print("|---|--:|---|---|---|---|")
    bad = 0
    for forge in ("gitlab", "jenkins"):
        command = [binary, "records", "import", str(data / forge), "-o", str(Path(out) / f"records-{forge}")]
        done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
        account = json.loads(done.stdout)
        taken = Counter(str(file["taken_for"]) for file in account["files"])
        other: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        for file in account["files"]:
            other.update(file["not_kept"])
            reasons.update(item["why"] for item in file["broken"])
            if file["taken_for"] is None and Path(file["name"]).name not in UNKNOWN:
                bad += 1
                print(f"not known: {file['name']}", file=sys.stderr)
        bad += sum(count for why, count in reasons.items() if why not in EXPLAINED)
        cells = [f"perceval 1.6.1 {forge}", str(len(account["files"]))]
        cells += [", ".join(f"{count} {name}" for name, count in found.items()) or "none"
                  for found in (taken, account["records"], other, reasons)]
        print("| " + " | ".join(cells) + " |")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
