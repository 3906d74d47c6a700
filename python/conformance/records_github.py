"""Does `backstory records import` read what GitHub itself has said?

usage: records_github.py BACKSTORY OUT

Installs recorded answers and schemas of GitHub at run time below OUT (npm
`@octokit/openapi`, `@octokit/webhooks-examples`, `@octokit/fixtures`, crate
`octocrab`, PyPI `PyGithub`), lays every body out as a dump would lie, imports every
set, and prints one Markdown table: files, records by kind, broken items by reason.
Exit code 1 when an item is broken for a reason that is not expected, or
when the schema lacks a field that is read.
Keeps nothing of these packages in the repository.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from records_github_schema import missing_fields

UV = Path(__file__).resolve().parents[2] / "scripts" / "uv"
OPENAPI = "@octokit/openapi@23.0.2"
WEBHOOKS = "@octokit/webhooks-examples@7.6.1"
FIXTURES = "@octokit/fixtures@23.1.2"
OCTOCRAB = "octocrab@0.54.9"
PYGITHUB = "PyGithub==2.10.0"

EXPECTED = {
    "`number` is missing": "a delivery whose example of a payload is an issue with a body only",
    "`issue` is missing": "a delivery whose recorded payload was emptied",
    "nothing tells which check run it belongs to": "annotations without the path they were asked from",
    "nothing tells which issue or change it belongs to": "events without the path they were asked from",
    "not a JSON object": "an example of the schema that stands for its entries with three dots",
}


@dataclass(frozen=True)
class Body:
    """One body and the path of the dump it would lie at."""

    path: str
    text: str


def npm(package: str, place: Path, members: str = "") -> Path:
    """Installs an npm package (only files that begin with `members`); returns its folder."""
    target = place / re.sub(r"[^a-z0-9.]+", "-", package.lower()).strip("-")
    if not target.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=place, check=True, capture_output=True, text=True
        )
        with tarfile.open(place / packed.stdout.split()[-1]) as archive:
            wanted = [one for one in archive.getmembers() if one.name.startswith(f"package/{members}")]
            archive.extractall(target, members=wanted, filter="data")
    return target / "package"


def pypi_source(requirement: str, place: Path) -> Path:
    """Installs the source archive of a PyPI package; returns its folder."""
    place.mkdir(parents=True, exist_ok=True)
    name, version = requirement.lower().split("==")
    target = place / f"{name}-{version}"
    if not target.is_dir():
        python = place / "venv"
        subprocess.run([UV, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, python], check=True)
        pip = [python / "bin" / "python", "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--no-binary", ":all:", "-d", place, requirement], check=True)
        with tarfile.open(next(place.glob(f"{name}-*.tar.gz"))) as archive:
            archive.extractall(place, filter="data")
    return target


def crate_source(crate: str) -> Path:
    """Installs the source of a crate; returns its folder."""
    name, version = crate.split("@")
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "registry" / "src"
    if not list(home.glob(f"*/{name}-{version}")):
        subprocess.run(["cargo", "info", "--quiet", crate], check=True, capture_output=True)
    return next(home.glob(f"*/{name}-{version}"))


def tidy(path: str) -> str:
    """Returns a path of a request as a path of a file."""
    kept = re.sub(r"[^A-Za-z0-9._/-]+", "_", path.split("?")[0]).strip("/")
    return "/".join(part for part in kept.split("/") if part not in ("", ".", ".."))


def openapi_bodies(schema: dict[str, object]) -> Iterator[Body]:
    """Yields the example bodies of every endpoint that reads, by the path it is asked at."""
    examples = schema["components"]["examples"]
    for path, methods in schema["paths"].items():
        answers = methods.get("get", {}).get("responses", {})
        for code, answer in answers.items():
            shown = answer.get("content", {}).get("application/json", {}).get("examples", {})
            for name, example in shown.items():
                while "$ref" in example:
                    example = examples[example["$ref"].rsplit("/", 1)[1]]
                asked = re.sub(r"\{owner\}", "octocat", re.sub(r"\{repo\}", "Hello-World", path))
                asked = re.sub(r"\{[a-z_]+\}", "42", asked)
                yield Body(f"{tidy(asked)}/{code}-{tidy(name)}.json", json.dumps(example["value"]))


def webhook_lines(index: list[dict[str, object]]) -> str:
    """Returns every example as a delivery on a line of its own."""
    return "".join(
        json.dumps({"event": event["name"], "delivery": f"{event['name']}-{at}", "payload": example}) + "\n"
        for event in index
        for at, example in enumerate(event["examples"])
    )


def webhook_bodies(index: list[dict[str, object]]) -> Iterator[Body]:
    """Yields all deliveries in one file, and every payload alone in another."""
    yield Body("deliveries.ndjson", webhook_lines(index))
    payloads = [json.dumps(example) + "\n" for event in index for example in event["examples"]]
    yield Body("payloads.ndjson", "".join(payloads))


def fixture_bodies(folder: Path) -> Iterator[Body]:
    """Yields the answers of every recorded scenario."""
    for path in sorted(folder.glob("scenarios/*/*/normalized-fixture.json")):
        for at, exchange in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            yield Body(f"{path.parent.name}/{at}/{tidy(exchange['path'])}.json", json.dumps(exchange["response"]))


def octocrab_bodies(folder: Path) -> Iterator[Body]:
    """Yields every JSON file of the crate's tests."""
    for path in sorted((folder / "tests").rglob("*.json")):
        yield Body(str(path.relative_to(folder / "tests")), path.read_text(encoding="utf-8"))


def replayed_bodies(folder: Path) -> Iterator[Body]:
    """Yields the bodies of every recorded exchange; a block ends with an empty line."""
    for path in sorted((folder / "tests" / "ReplayData").rglob("*.txt")):
        lines = path.read_text(encoding="utf-8").split("\n")
        for at in range(0, len(lines) - 9, 11):
            asked, answer = lines[at + 4], lines[at + 9]
            if answer.startswith(("[", "{")):
                yield Body(f"{tidy(path.stem)}/{at // 11}/{tidy(asked)}.json", answer)


def lay_out(bodies: Iterator[Body], folder: Path) -> None:
    """Writes every body to its path."""
    shutil.rmtree(folder, ignore_errors=True)
    for body in bodies:
        path = folder / body.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body.text, encoding="utf-8")


def imported(binary: str, folder: Path, records: Path) -> dict[str, object]:
    """Imports a folder and returns the account."""
    shutil.rmtree(records, ignore_errors=True)
    command = [binary, "records", "import", str(folder), "-o", str(records), "--format", "json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr[-400:]}")
    return json.loads(done.stdout)


def row(name: str, account: dict[str, object]) -> tuple[str, list[str]]:
    """Returns the line of the table for a set, and the reasons that are not expected."""
    files = account["files"]
    known = sum(1 for file in files if file["taken_for"])
    kinds, reasons = Counter(), Counter()
    for file in files:
        kinds.update(file["records"])
        reasons.update(broken["why"] for broken in file["broken"])
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    why = "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common()) or "none"
    unexpected = [f"{name}: {reason}" for reason in reasons if not any(one in reason for one in EXPECTED)]
    return f"| {name} | {len(files)} | {known} | {told} | {why} |", unexpected


def main(binary: str, out: Path) -> int:
    """Imports every set and returns the exit code."""
    packages = out / "packages"
    schema_file = npm(OPENAPI, packages, "generated/api.github.com.json") / "generated" / "api.github.com.json"
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    webhooks = npm(WEBHOOKS, packages) / "api.github.com" / "index.json"
    sets = {
        OPENAPI: openapi_bodies(schema),
        WEBHOOKS: webhook_bodies(json.loads(webhooks.read_text(encoding="utf-8"))),
        FIXTURES: fixture_bodies(npm(FIXTURES, packages)),
        OCTOCRAB: octocrab_bodies(crate_source(OCTOCRAB)),
        PYGITHUB: replayed_bodies(pypi_source(PYGITHUB, packages)),
    }
    print("| set | files | known | records | broken |\n|---|--:|--:|---|---|")
    wrong = missing_fields(schema)
    for name, bodies in sets.items():
        folder = out / "inputs" / tidy(name)
        lay_out(bodies, folder)
        line, unexpected = row(name, imported(binary, folder, out / "records" / tidy(name)))
        print(line)
        wrong += unexpected
    for one in wrong:
        print(f"wrong: {one}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
