"""Do reports that real producers write become the records we promise?

In: the `backstory` binary, the tiny projects below `fixtures/producers`, and a
folder to work in. Runs every producer that can be had on its project, imports
what it wrote, and compares each test with `expected.json` beside the project.
Out: one line per producer with its version; a producer that cannot be had is
skipped with the reason. Exit code 1 when one differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = ROOT / "fixtures" / "producers"
UV = ROOT / "scripts" / "uv"
LIMIT_S = 600

Outcomes = dict[str, str]


class CannotBeHadError(Exception):
    """A producer is not installed and cannot be installed here."""


@dataclass(frozen=True)
class Place:
    """Where one producer runs: its copy of the project, its report, its tools."""

    project: Path
    report: Path
    tools: Path


def run(command: list[str | Path], folder: Path, **variables: str) -> str:
    """Runs a command that may fail as tests do; returns what it printed."""
    environment = {**os.environ, **variables}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBeHadError(str(error)) from error
    return (done.stdout + done.stderr).strip()


def needed(name: str) -> str:
    """Returns the path of a program that must be installed."""
    path = shutil.which(name)
    if path is None:
        raise CannotBeHadError(f"`{name}` is not installed")
    return path


def pytest(place: Place, *plugins: str, arguments: tuple[str, ...] = ()) -> str:
    """Runs pytest in an environment of its own."""
    python = place.tools / "pytest" / "bin" / "python"
    if not python.is_file():
        run([UV, "venv", "--quiet", "--python", sys.executable, python.parents[1]], ROOT)
    run([UV, "pip", "install", "--quiet", "--python", python, "pytest", *plugins], ROOT)
    run([python, "-m", "pytest", "-q", *arguments, f"--junitxml={place.report}"], place.project)
    return run([python, "-m", "pytest", "--version"], place.project)


def rerunfailures(place: Place) -> str:
    """Runs pytest with a plugin that runs failed tests again."""
    return pytest(place, "pytest-rerunfailures", arguments=("--reruns", "2"))


def nextest(place: Place) -> str:
    """Runs cargo-nextest, which writes below its target folder."""
    cargo = needed("cargo")
    needed("cargo-nextest")
    target = place.project / "target"
    run([cargo, "nextest", "run", "--offline"], place.project, CARGO_TARGET_DIR=str(target))
    written = target / "nextest" / "default" / "junit.xml"
    if written.is_file():
        shutil.copyfile(written, place.report)
    return run([cargo, "nextest", "--version"], place.project).splitlines()[0]


def node(place: Place) -> str:
    """Runs the test runner of Node.js."""
    program = needed("node")
    command: list[str | Path] = [program, "--test", "--test-reporter=junit"]
    run([*command, f"--test-reporter-destination={place.report}"], place.project)
    return "node " + run([program, "--version"], place.project)


def from_npm(place: Place, *packages: str) -> Path:
    """Installs packages for a project; returns the folder of their programs."""
    run([needed("npm"), "install", "--silent", "--no-save", *packages], place.project)
    return place.project / "node_modules" / ".bin"


def jest(place: Place) -> str:
    """Runs Jest with jest-junit."""
    (place.project / "package.json").write_text("{}\n", encoding="utf-8")
    program = from_npm(place, "jest", "jest-junit@17") / "jest"
    run([program, "--reporters=jest-junit"], place.project, JEST_JUNIT_OUTPUT_FILE=str(place.report))
    return "jest " + run([program, "--version"], place.project)


def vitest(place: Place) -> str:
    """Runs Vitest with its own reporter."""
    (place.project / "package.json").write_text("{}\n", encoding="utf-8")
    program = from_npm(place, "vitest@3") / "vitest"
    run([program, "run", "--reporter=junit", f"--outputFile={place.report}"], place.project)
    return run([program, "--version"], place.project)


def gotestsum(place: Place) -> str:
    """Runs gotestsum where Go and gotestsum are installed."""
    needed("go")
    program = needed("gotestsum")
    run([program, f"--junitfile={place.report}"], place.project)
    return run([program, "--version"], place.project)


def surefire(place: Place) -> str:
    """Runs Maven Surefire where Maven finds its plugins."""
    program = needed("mvn")
    said = run([program, "-q", "-B", "test"], place.project)
    written = sorted((place.project / "target" / "surefire-reports").glob("TEST-*.xml"))
    if not written:
        reason = next((line for line in said.splitlines() if "ERROR" in line), "it wrote nothing")
        raise CannotBeHadError(f"Maven ran no test: {reason[:120]}")
    shutil.copyfile(written[0], place.report)
    return run([program, "--version"], place.project).splitlines()[0]


PRODUCERS: dict[str, Callable[[Place], str]] = {
    "pytest": pytest,
    "rerunfailures": rerunfailures,
    "nextest": nextest,
    "node": node,
    "jest": jest,
    "vitest": vitest,
    "gotestsum": gotestsum,
    "surefire": surefire,
}


def imported(backstory: Path, report: Path, records: Path) -> Outcomes:
    """Imports a report; returns what each test did, by id or else by its names."""
    done = subprocess.run([backstory, "records", "import", report, "-o", records], check=False, capture_output=True)
    # 1 says that something is odd about the report, e.g., that jest counts fewer tests than it lists.
    if done.returncode not in {0, 1}:
        sys.exit(f"error: the import failed: {done.stderr.decode(errors='replace')}")
    exported = records.with_suffix(".ndjson")
    exported.unlink(missing_ok=True)
    subprocess.run([backstory, "records", "export", records, "-o", exported], check=True, capture_output=True)
    lines = exported.read_text(encoding="utf-8").splitlines()
    outcomes: Outcomes = {}
    for record in map(json.loads, lines):
        if record["kind"] != "test_result":
            continue
        name = record.get("test") or f"{record.get('suite')} | {record['raw_name']}"
        flaky = " flaky" if record["flaky"] else ""
        entries = f" x{record['entries']}" if record["entries"] > 1 else ""
        outcomes[name] = f"{record['producer']} {record['outcome']}{flaky}{entries}"
    return outcomes


def check(name: str, backstory: Path, folder: Path) -> bool | None:
    """Runs one producer and compares; `None` where it cannot be had."""
    project = folder / name
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(PROJECTS / name, project, ignore=shutil.ignore_patterns("expected.json"))
    place = Place(project, folder / f"{name}.xml", folder / "tools")
    place.report.unlink(missing_ok=True)
    try:
        version = PRODUCERS[name](place)
        if not place.report.is_file():
            raise CannotBeHadError("it wrote no report")
    except CannotBeHadError as error:
        print(f"skipped {name}: {error}")
        return None
    records = folder / f"{name}-records"
    shutil.rmtree(records, ignore_errors=True)
    found = imported(backstory, place.report, records)
    expected = json.loads((PROJECTS / name / "expected.json").read_text(encoding="utf-8"))
    wrong = sorted(test for test in expected.keys() | found.keys() if expected.get(test) != found.get(test))
    for test in wrong:
        print(f"  {test}: expected {expected.get(test)}, found {found.get(test)}")
    print(f"{'differs' if wrong else 'agrees'} {name} ({version}): {len(expected) - len(wrong)} of {len(expected)} tests")
    return not wrong


def main() -> int:
    """Checks every producer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backstory", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    (folder / "tools").mkdir(parents=True, exist_ok=True)
    results = [check(name, arguments.backstory.resolve(), folder) for name in PRODUCERS]
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
