"""Does `datasets` load the chat rows as they were written?

In: the folder `chat` of an export. Out: one line; on a finding, the row and
what differs, and exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets

Row = dict[str, Any]


def arguments(row: Row) -> Iterator[Any]:
    """Yields the arguments of every tool call."""
    for message in row["messages"]:
        for call in message.get("tool_calls") or []:
            yield call["function"]["arguments"]


def differences(written: Row, loaded: Row) -> Iterator[str]:
    """Yields what a trainer would read otherwise than it was written."""
    for key in ("role", "content", "train"):
        if [m[key] for m in written["messages"]] != [m[key] for m in loaded["messages"]]:
            yield f"`{key}` of the messages differs"
    for before, after in zip(arguments(written), arguments(loaded), strict=True):
        if before != after:
            yield f"arguments {before!r} load as {after!r}"
    if written["tools"] != loaded["tools"]:
        yield "the tools differ"


def check_file(path: Path) -> list[str]:
    """Returns what differs in one file."""
    with path.open(encoding="utf-8") as lines:
        written = [json.loads(line) for line in lines]
    mode = datasets.DownloadMode.FORCE_REDOWNLOAD
    loaded = datasets.load_dataset("json", data_files=str(path), split="train", download_mode=mode)
    if len(loaded) != len(written):
        return [f"{path}: {len(loaded)} of {len(written)} rows load"]
    return [
        f"{path}: {before['id']}: {what}"
        for before, after in zip(written, loaded, strict=True)
        for what in differences(before, after)
    ]


def main(folder: Path) -> int:
    """Checks every file and returns the exit code."""
    datasets.disable_progress_bars()
    files = sorted(folder.glob("*.jsonl"))
    found = [what for path in files for what in check_file(path)]
    if not files:
        found.append(f"chat: no file below {folder}")
    print("\n".join(found) or f"chat: {len(files)} files load as they were written")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
