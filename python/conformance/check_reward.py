"""Does the wheel score answers in a clean environment, and do the frameworks call it?

usage: check_reward.py [--environments DIR] [--questions EXPORT] [--heavy] [--profile release] [WHEEL]

Builds the wheel with maturin, unless one is given, installs it into environments of its
own, and runs there:

1. the lines of Python from `python/README.md`, in an environment with nothing else;
2. `reward_calls.py`: every shim called as the framework calls it, and Arrow tables;
3. `check_values.py`: the text of a value by the tracer against that of the verifier;
4. the shims with the packages `verifiers` and `nemo-gym`; with `--heavy` also TRL and verl,
   which want torch and 6 GB;
5. with `--questions`, an export of questions: `reward_rows.py` has each package read every
   row and score it.

Out: one line per check; exit code 1 when one fails. Needs the package index only for
environments that are not there yet.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from run import HERE, UV, offline

ROOT = HERE.parents[1]
ANSWERS = ROOT / "crates" / "verify" / "tests" / "it" / "answers"
SECONDS = 1200


@dataclass(frozen=True)
class Place:
    """One environment: what is installed beside the wheel, and what is checked there."""

    name: str
    checks: tuple[str, ...]
    #: Packages that are installed without what they ask for.
    alone: tuple[str, ...] = ()


LIGHT = (
    Place("reward", ("bare", "arrow")),
    Place("verifiers", ("verifiers",)),
    Place("nemo", ("nemo_gym",), alone=("nemo-gym==0.4.0",)),
)
HEAVY = (Place("trainers", ("trl", "verl"), alone=("verl==0.9.1",)),)


def run(*command: str | Path, cwd: Path) -> int:
    """Runs a command without network and returns its exit code."""
    return subprocess.run(command, cwd=cwd, env=offline(cwd), check=False, timeout=SECONDS).returncode


def environment(folder: Path, name: str) -> Path:
    """Makes an environment where there is none, and returns its interpreter."""
    interpreter = folder / name / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / name], check=True)
    return interpreter


def install(interpreter: Path, *packages: str | Path) -> None:
    """Installs packages; what is there already is kept."""
    subprocess.run([UV, "pip", "install", "--quiet", "--python", interpreter, *packages], check=True)


def build(folder: Path, profile: str) -> Path:
    """Builds the wheel and returns its path."""
    interpreter = environment(folder, "maturin")
    install(interpreter, "maturin>=1.9,<2")
    out = folder / "wheels"
    for old in out.glob("*.whl"):
        old.unlink()
    command = [interpreter.parent / "maturin", "build", "--quiet", "--locked", "--profile", profile]
    subprocess.run([*command, "--interpreter", sys.executable, "-o", out], cwd=ROOT / "python", check=True)
    return next(out.glob("*.whl"))


def write_items(folder: Path) -> Path:
    """Writes the items of the verifier's own tests, one a line."""
    path = folder / "items.jsonl"
    items = [json.loads((ANSWERS / name).read_text(encoding="utf-8")) for name in ("mixed.json", "oi.json")]
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path


def readme_lines() -> str:
    """Returns the Python of the page that comes with the wheel."""
    page = (ROOT / "python" / "README.md").read_text(encoding="utf-8")
    return page.split("```python\n")[1].split("```")[0]


def check_lines(folder: Path, wheel: Path) -> bool:
    """Runs the lines of the page where nothing but the wheel is installed."""
    subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder / "clean"], check=True)
    interpreter = folder / "clean" / "bin" / "python"
    install(interpreter, wheel)
    lines = readme_lines()
    done = subprocess.run(
        [interpreter, "-c", lines], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    good = done.returncode == 0 and done.stdout.startswith("0.0 [(1, 'wrong_type'), (2, 'missing')")
    print(f"{'ok' if good else 'FAILED'}: {len(lines.splitlines())} lines of the page score an answer")
    if not good:
        print(done.stdout + done.stderr)
    return good


def main() -> int:
    """Runs every check and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, nargs="?", help="a wheel that was built before")
    parser.add_argument("--environments", type=Path, default=Path(".venv-conformance"))
    parser.add_argument("--questions", type=Path, help="an export of questions with all formats")
    parser.add_argument("--heavy", action="store_true", help="also with TRL and verl")
    parser.add_argument("--profile", default="dev", help="how the wheel is built")
    given = parser.parse_args()
    folder = given.environments.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wheel = given.wheel.resolve() if given.wheel else build(folder, given.profile)
    items = write_items(folder)
    failed = 0 if check_lines(folder, wheel) else 1
    for place in LIGHT + (HEAVY if given.heavy else ()):
        interpreter = environment(folder, place.name)
        install(interpreter, "-r", HERE / f"requirements-{place.name}.txt")
        install(interpreter, "--no-deps", "--reinstall-package", "backstory", wheel, *place.alone)
        for check in place.checks:
            failed += run(interpreter, HERE / "reward_calls.py", check, items, cwd=folder) != 0
            if given.questions:
                rows = given.questions.resolve()
                failed += run(interpreter, HERE / "reward_rows.py", check, rows, cwd=folder) != 0
        if place.name == "reward":
            failed += run(interpreter, HERE / "check_values.py", cwd=folder) != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
