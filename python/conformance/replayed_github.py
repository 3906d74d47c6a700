"""What did GitHub answer, once? A server that says it again.

In: the recorded traffic of PyGithub's tests (its source archive, which the caller
installs). Out: a server on this machine that answers questions about one repository
with the objects and headers that were recorded.

Which objects answer a question is decided as GitHub documents it, because no client
asks exactly what another one asked: a list holds every object that was recorded in a
list of that path or alone below it, and knows `since`, `state`, `created`, `sort`,
`direction`, `page` and `per_page`. Links, etags and the distance of a limit are made
here; what was never recorded is answered with a recorded 404.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

TOKEN = "made-up-for-this-test"
PAGE = 5
"""No page is longer, so that most of the recorded lists have several."""

WRAPPED = {"runs": "workflow_runs", "jobs": "jobs", "check-runs": "check_runs"}
"""Lists that stand in an object, by the end of their path."""


@dataclass(frozen=True)
class Exchange:
    """One recorded question and its answer."""

    verb: str
    path: str
    status: int
    headers: dict[str, str]
    body: str


def exchanges(folder: Path) -> Iterator[Exchange]:
    """Yields every recorded exchange; a block has eleven lines, the last one empty."""
    for file in sorted((folder / "tests" / "ReplayData").rglob("*.txt")):
        lines = file.read_text(encoding="utf-8").split("\n")
        for at in range(0, len(lines) - 9, 11):
            if lines[at] in ("http", "https"):
                named = {name.lower(): value for name, value in ast.literal_eval(lines[at + 8])}
                yield Exchange(lines[at + 1], lines[at + 4], int(lines[at + 7]), named, lines[at + 9])


def json_of(body: str) -> object:
    """Returns a body as a value, `None` where it is none."""
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return None


@dataclass
class Recording:
    """What was recorded of one repository, and the faults that were recorded of any."""

    names: set[str]
    """What the repository was called over the years, in lowercase."""
    root: dict[str, object] = field(default_factory=dict)
    lists: dict[str, dict[object, dict[str, object]]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Exchange] = field(default_factory=dict)
    date: str = ""
    """When the last of it was said."""
    moved: dict[str, str] = field(default_factory=dict)
    """Downloads that lead to another server, by path."""

    def take(self, exchange: Exchange) -> None:
        """Takes one exchange in."""
        self.take_fault(exchange)
        path = urlsplit(exchange.path).path
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if exchange.verb != "GET" or not match or match[1].lower() not in self.names:
            return
        below, value = match[2] or "", json_of(exchange.body)
        dates = (self.date, exchange.headers.get("date", ""))
        self.date = max(filter(None, dates), key=parsedate_to_datetime, default="")
        if exchange.status == 302:
            self.moved[below] = exchange.headers["location"]
        if exchange.status != 200 or value is None:
            return
        if below == "" and isinstance(value, dict) and "id" in value:
            self.root, self.headers = value, exchange.headers
        self.take_objects(below, value)

    def take_objects(self, below: str, value: object) -> None:
        """Puts the objects of an answer into their list."""
        wrapper = WRAPPED.get(below.rsplit("/", 1)[-1], "")
        if isinstance(value, dict) and isinstance(value.get(wrapper), list):
            value = value[wrapper]
        if isinstance(value, list):
            found, place = value, below
        elif isinstance(value, dict) and re.fullmatch(r"/(issues|pulls|actions/runs)/\d+", below):
            found, place = [value], below.rsplit("/", 1)[0]
        else:
            return
        known = self.lists.setdefault(place, {})
        # Whoever recorded them cut some objects down to their id.
        for one in (one for one in found if isinstance(one, dict) and len(one) > 1):
            name = one.get("id") or one.get("url") or json.dumps(one, sort_keys=True)
            if str(known.get(name, {}).get("updated_at") or "") <= str(one.get("updated_at") or ""):
                known[name] = one

    def take_fault(self, exchange: Exchange) -> None:
        """Keeps one exchange of each kind of failure."""
        text = exchange.body.lower()
        kinds = {
            "secondary": exchange.status == 403 and "retry-after" in exchange.headers,
            "primary": exchange.status == 403 and exchange.headers.get("x-ratelimit-remaining") == "0",
            "broken": exchange.status == 502,
            "unknown": exchange.status == 404 and "not found" in text,
            "unchanged": exchange.status == 304 and "x-ratelimit-limit" in exchange.headers,
        }
        for kind, is_one in kinds.items():
            if is_one:
                self.faults.setdefault(kind, exchange)


def recording(folder: Path, *names: str) -> Recording:
    """Reads what was recorded of the repository with these names."""
    read = Recording({name.lower() for name in names})
    for exchange in exchanges(folder):
        read.take(exchange)
    missing = {"secondary", "primary", "broken", "unknown", "unchanged"} - set(read.faults)
    if not read.root or missing:
        raise SystemExit(f"the recorded traffic lacks {sorted(missing) or names}")
    return read


@dataclass
class Answer:
    """What is sent back."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def chosen(objects: list[dict[str, object]], asked: dict[str, str]) -> list[dict[str, object]]:
    """Returns the objects that a question means, in its order."""
    since, state = asked.get("since", ""), asked.get("state", "")
    first, _, last = asked.get("created", "").partition("..")
    kept = [
        one
        for one in objects
        if str(one.get("updated_at") or "9") >= since
        and (state in ("", "all") or one.get("state") == state)
        and (not first or first <= str(one.get("created_at")) <= last)
    ]
    key = {"updated": "updated_at"}.get(asked.get("sort", ""), "created_at")
    kept.sort(key=lambda one: (str(one.get(key) or ""), str(one.get("id"))))
    return kept if asked.get("direction") == "asc" or "sort" not in asked else kept[::-1]


class Forge:
    """Answers questions, and notes each of them."""

    def __init__(self, read: Recording) -> None:
        self.read = read
        self.base = ""
        self.elsewhere = ""
        self.asked: list[tuple[str, int]] = []
        """The address and status of every question."""
        self.full: set[str] = set()
        """Questions whose answer was a last page with no room left."""
        self.wrong: list[str] = []
        self.faults: dict[int, str] = {}
        """The kinds of failure by the number of the question, from 1."""
        self.on_question: Callable[[int], None] = lambda _: None
        self.quiet_until = 0.0
        self.lock = threading.Lock()

    def begin(self) -> None:
        """Forgets what was asked."""
        self.asked, self.faults, self.quiet_until = [], {}, 0.0
        self.on_question = lambda _: None

    def date(self) -> str:
        """Returns the one time at which everything is said."""
        return self.read.date

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        """Answers one question."""
        with self.lock:
            number = len(self.asked) + 1
            if time.monotonic() < self.quiet_until:
                self.wrong.append(f"asked before the limit ended: {path}")
            if headers.get("authorization") != f"Bearer {TOKEN}":
                self.wrong.append(f"asked without the token: {path}")
            self.on_question(number)
            fault = self.faults.get(number)
            answer = self.fault(fault) if fault else self.of(path, headers.get("if-none-match"))
            answer.headers.setdefault("date", self.date())
            self.asked.append((path, answer.status))
            return answer

    def fault(self, kind: str) -> Answer:
        """Returns a recorded failure; the wait it asks for is cut to a second."""
        recorded = self.read.faults[kind]
        headers = dict(recorded.headers)
        if kind == "secondary":
            headers["retry-after"] = "1"
        if kind == "primary":
            # Recorded before GitHub said when a limit ends.
            end = parsedate_to_datetime(headers["date"]).timestamp() + 1
            headers["x-ratelimit-reset"] = str(int(end))
        if kind != "broken":
            self.quiet_until = time.monotonic() + 1
        return Answer(recorded.status, headers, recorded.body.encode())

    def of(self, asked: str, etag: str | None) -> Answer:
        """Returns what was recorded for a question."""
        parts = urlsplit(asked)
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?|/repositories/(\d+)(/.*)?", parts.path)
        ours = match and (
            str(match[1]).lower() in self.read.names or match[3] == str(self.read.root["id"])
        )
        if not match or not ours:
            return self.unknown()
        below = match[2] or match[4] or ""
        if below in self.read.moved:
            return Answer(302, {"location": f"{self.elsewhere}/signed?place={len(below)}"})
        if below == "":
            return self.found(self.read.root, {}, etag)
        if below not in self.read.lists:
            return self.unknown()
        return self.page(below, dict(parse_qsl(parts.query)), etag)

    def unknown(self) -> Answer:
        """Returns a recorded 404."""
        recorded = self.read.faults["unknown"]
        return Answer(404, {**recorded.headers, "date": self.date()}, recorded.body.encode())

    def page(self, below: str, asked: dict[str, str], etag: str | None) -> Answer:
        """Returns one page of a list."""
        objects = chosen(list(self.read.lists[below].values()), asked)
        length = min(int(asked.get("per_page", "30")), PAGE)
        number = int(asked.get("page", "1"))
        shown = objects[(number - 1) * length : number * length]
        last = max(1, -(-len(objects) // length))
        links = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        useful = ("next", "last") if number == 1 else ("prev", "next", "last", "first")
        place = f"{self.base}/repositories/{self.read.root['id']}{below}"
        link = ", ".join(
            f'<{place}?{urlencode({**asked, "page": links[rel]})}>; rel="{rel}"'
            for rel in useful
            if 1 <= links[rel] <= last and not (rel == "last" and number == last)
        )
        if number == last and len(shown) == length:
            self.full.add(f"/repos/{self.read.root['full_name']}{below}?{urlencode(asked)}".lower())
        wrapper = WRAPPED.get(below.rsplit("/", 1)[-1])
        body = {"total_count": len(objects), wrapper: shown} if wrapper else shown
        return self.found(body, {"link": link} if last > 1 else {}, etag)

    def found(self, value: object, headers: dict[str, str], etag: str | None) -> Answer:
        """Returns a value, or that it is the one that is known already."""
        body = json.dumps(value).encode()
        tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        if etag == tag:
            recorded = self.read.faults["unchanged"].headers
            return Answer(304, {**recorded, "etag": tag, "date": self.date()})
        kept = {name: value for name, value in self.read.headers.items() if "ratelimit" in name}
        return Answer(200, {**kept, "etag": tag, "date": self.date(), **headers}, body)


UNSENT = ("connection", "content-length", "content-encoding", "transfer-encoding")
"""Headers that belong to the connection of those days."""


def serve(answer: Callable[[str, dict[str, str]], Answer]) -> tuple[ThreadingHTTPServer, str]:
    """Serves on a port of this machine; returns the server and its address."""

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answers one request."""
            asked = {name.lower(): value for name, value in self.headers.items()}
            told = answer(self.path, asked)
            self.send_response_only(told.status)
            for name, value in told.headers.items():
                if name not in UNSENT:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Says nothing: whoever is killed hangs up."""

    server = Server(("127.0.0.1", 0), Connection)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def open_forge(read: Recording) -> Forge:
    """Begins to serve a recording, and another server to which downloads lead."""
    forge = Forge(read)

    def download(path: str, headers: dict[str, str]) -> Answer:
        if "authorization" in headers:
            forge.wrong.append("the token went to another server")
        # The log itself was not recorded: it is gone.
        return Answer(410, {"date": formatdate(0, usegmt=True)})

    _, forge.base = serve(forge.answer)
    _, elsewhere = serve(download)
    forge.elsewhere = elsewhere.replace("127.0.0.1", "localhost")
    return forge
