"""How fast does PyDriller read a history?

In: a clone with a work tree and a number of commits. Out: one JSON line with
what was read. A rename counts as two files, one on each side, because that is
how a reader without rename detection counts it.
"""

import json
import subprocess
import sys

from pydriller import ModificationType, Repository


def newest(repo: str, count: int) -> list[str]:
    """Returns the newest commits that are no merges."""
    command = ["git", "-C", repo, "rev-list", "--no-merges", f"-n{count}", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def read(repo: str, commits: list[str]) -> dict[str, float]:
    """Reads changed files, diff and both contents of every commit."""
    counts = {"commits": 0, "changes": 0, "blob_mb": 0.0, "diff_characters": 0}
    for commit in Repository(repo, only_commits=commits).traverse_commits():
        counts["commits"] += 1
        for file in commit.modified_files:
            counts["changes"] += 2 if file.change_type is ModificationType.RENAME else 1
            counts["blob_mb"] += len(file.content or b"") / 1e6
            counts["blob_mb"] += len(file.content_before or b"") / 1e6
            counts["diff_characters"] += len(file.diff)
    return counts


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1], newest(sys.argv[1], int(sys.argv[2])))))
