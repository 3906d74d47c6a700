"""Do the spans of exported documents fit the tokens of a real tokenizer?

In: the folder `text` of an export of snapshots. Trains a byte-level tokenizer of the
`tokenizers` package on the documents, so that no download is needed, and labels every
token twice: by the spans in characters, and by those in bytes. Out: one line; on a
finding, the document and what differs, and exit code 1. A planted shift of one span
shows first that the check can fail.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import ByteLevelBPETokenizer

OFF = -100

Span = dict[str, Any]


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    """Yields every document of every arm."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def covers(text: str, spans: list[Span]) -> str | None:
    """Returns what is wrong with the spans of a text, if anything is."""
    raw = text.encode()
    byte = char = 0
    for span in spans:
        if (span["byte_start"], span["char_start"]) != (byte, char):
            return f"a span begins at {span['char_start']}, not at {char}"
        byte, char = span["byte_end"], span["char_end"]
        if raw[span["byte_start"] : byte].decode() != text[span["char_start"] : char]:
            return f"characters and bytes differ before {char}"
    return None if (byte, char) == (len(raw), len(text)) else "the spans end early"


def mask(spans: list[Span], unit: str) -> list[bool]:
    """Returns for each character or byte whether it is learned."""
    return [span["loss"] for span in spans for _ in range(span[f"{unit}_end"] - span[f"{unit}_start"])]


def labels(ids: list[int], offsets: list[tuple[int, int]], learned: list[bool]) -> list[int]:
    """Returns the labels: a token that touches what is not learned is off."""
    return [token if all(learned[a:b]) else OFF for token, (a, b) in zip(ids, offsets, strict=True)]


def differs(tokenizer: ByteLevelBPETokenizer, document: dict[str, Any]) -> str | None:
    """Returns what is wrong with one document, if anything is."""
    text, spans = document["text"], document["spans"]
    wrong = covers(text, spans)
    if wrong:
        return wrong
    encoded = tokenizer.encode(text)
    if tokenizer.decode(encoded.ids) != text:
        return "the tokens are not the text"
    places = [0]
    for character in text:
        places.append(places[-1] + len(character.encode()))
    in_bytes = [(places[a], places[b]) for a, b in encoded.offsets]
    by_character = labels(encoded.ids, encoded.offsets, mask(spans, "char"))
    by_byte = labels(encoded.ids, in_bytes, mask(spans, "byte"))
    return None if by_character == by_byte else "bytes and characters give other labels"


def main(folder: Path) -> int:
    """Checks every document and returns the exit code."""
    every = list(documents(folder))
    if not every:
        print(f"text: no document below {folder}")
        return 1
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator((d["text"] for d in every), vocab_size=2000, show_progress=False)
    planted = json.loads(json.dumps(every[0]))
    planted["spans"][1]["char_start"] += 1
    if differs(tokenizer, planted) is None:
        print("text: a shifted span is not noticed")
        return 1
    found = [f"{d['id']}: {why}" for d in every if (why := differs(tokenizer, d))]
    print("\n".join(found) or f"text: {len(every)} of {len(every)} documents fit their tokens")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
