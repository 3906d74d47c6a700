"""Where do the lines of a report go?

In: one dictionary a line. Out: JSON lines appended to the file that the
environment names. Standard library alone, Python 3.6 and later. A line never
holds a time, an address or a path of the host.
"""

import hashlib
import json
import os

ENCODE = json.JSONEncoder(separators=(",", ":")).encode


class Lines:
    """Appends JSON lines to one file, and numbers them.

    The file is opened for each write, because tests close descriptors they do
    not know. A forked child writes nothing.
    """

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.process = os.getpid()
        self.number = 0
        self._append(b"")

    def write(self, *lines):
        """Appends the lines, all at once."""
        if os.getpid() != self.process:
            return
        texts = []
        for line in lines:
            texts.append(ENCODE(dict(line, n=self.number)) + "\n")
            self.number += 1
        self._append("".join(texts).encode("ascii"))

    def _append(self, data):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(self.path, flags, 0o644)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)


def taken_from_environment(name):
    """Returns a variable and takes it away, so that no child believes it is meant."""
    return os.environ.pop(name, None)


def report_from_environment():
    """Returns the report that `BACKSTORY_REPORT` names, or nothing."""
    path = taken_from_environment("BACKSTORY_REPORT")
    return Lines(path) if path else None


def whole(text):
    """Returns text that is valid in every encoding: lone surrogates are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Choice:
    """Says which tests run, and in which order.

    `BACKSTORY_SELECT` names a file with one id a line, as JSON strings;
    `BACKSTORY_ORDER_SEED` is any text.
    """

    def __init__(self):
        path = taken_from_environment("BACKSTORY_SELECT")
        self.seed = taken_from_environment("BACKSTORY_ORDER_SEED")
        self.selected = None
        if path:
            with open(path, "rb") as file:
                lines = file.read().decode("utf-8").splitlines()
            self.selected = {json.loads(line) for line in lines if line.strip()}

    def __bool__(self):
        return self.seed is not None or self.selected is not None

    def applied(self, items, name):
        """Returns the items to run, in order, and those left out.

        The order depends on seed and ids alone, and items of one id stay as they are.
        """
        kept, left_out = list(items), []
        if self.selected is not None:
            kept = [item for item in items if name(item) in self.selected]
            left_out = [item for item in items if name(item) not in self.selected]
        if self.seed is not None:
            kept.sort(key=lambda item: self._place(name(item)))
        return kept, left_out

    def _place(self, name):
        return hashlib.sha256(("%s\0%s" % (self.seed, name)).encode("utf-8")).digest()
