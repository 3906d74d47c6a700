"""Do the real consumers read what `backstory export` writes?

In: the folder of an export with `atif`, `chat`, `parquet` and `nemo-gym`, and with `swe-bench`
and `harbor` where units were executed; `--logs` is what `grade.py` reads, `--stories`
the folder of an export of snapshots. Builds
one environment per consumer below `--environments` with uv, then runs every check
in its environment. Out: one line per check; exit code 1 when one fails. Needs
the package index only for environments that are not there yet.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
UV = HERE.parents[1] / "scripts" / "uv"


@dataclass(frozen=True)
class Environment:
    """One environment: its requirements, and an override where a pin cannot be met."""

    name: str
    override: str | None = None
    #: A package that is installed without what it asks for.
    alone: str | None = None

    def requirements(self) -> Path:
        """Returns the file that lists what is installed."""
        return HERE / f"requirements-{self.name}.txt"

    def install(self, folder: Path) -> Path:
        """Returns the interpreter, building the environment unless it is up to date."""
        place = folder / self.name
        interpreter = place / "bin" / "python"
        stamp = place / "installed.txt"
        wanted = self.requirements().read_text(encoding="utf-8") + (self.alone or "")
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return interpreter
        subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, place], check=True)
        override = ["--override", str(HERE / self.override)] if self.override else []
        install = [UV, "pip", "install", "--quiet", "--python", interpreter, *override]
        subprocess.run([*install, "-r", self.requirements()], check=True)
        if self.alone:
            subprocess.run([*install, "--no-deps", self.alone], check=True)
        stamp.write_text(wanted, encoding="utf-8")
        return interpreter


HARBOR = Environment("harbor", override="override-harbor.txt")
TABLES = Environment("tables")
TOKENIZERS = Environment("tokenizers")
SWE_BENCH = Environment("swebench")
NEMO = Environment("nemo", alone="nemo-gym==0.4.0")

Check = tuple[Environment, str, list[Path | str]]


def checks(export: Path, logs: Path | None, stories: Path | None) -> list[Check]:
    """Returns every check: where it runs, its script, its arguments."""
    always: list[Check] = [
        (HARBOR, "check_atif.py", [export / "atif"]),
        (TABLES, "check_parquet.py", [export / "parquet", export / "atif"]),
        (TABLES, "check_chat.py", [export / "chat"]),
        (NEMO, "check_pivots.py", [export / "nemo-gym"]),
    ]
    executed: list[Check] = [
        (HARBOR, "check_harbor.py", [export / "harbor"]),
        (SWE_BENCH, "check_swe_bench.py", [export / "swe-bench"]),
    ]
    graded: list[Check] = [(SWE_BENCH, "grade.py", [export, logs, "--space"])] if logs else []
    told: list[Check] = [
        (HARBOR, "check_atif.py", [stories / "atif"]),
        (TOKENIZERS, "check_text.py", [stories / "text"]),
    ] if stories else []
    return always + told + [check for check in executed if Path(check[2][0]).is_dir()] + graded


def offline(folder: Path) -> dict[str, str]:
    """Returns an environment in which no consumer asks the network, or an earlier export."""
    shutil.rmtree(folder / "cache", ignore_errors=True)
    quiet = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    quiet["HARBOR_TELEMETRY"] = "0"
    caches = {"HF_HOME": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **quiet, **caches}


def main() -> int:
    """Runs every check and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, help="the folder of an export")
    parser.add_argument("--logs", type=Path, help="what the exported scripts printed, by instance")
    parser.add_argument("--stories", type=Path, help="the folder of an export of snapshots")
    parser.add_argument("--environments", type=Path, default=Path(".venv-conformance"))
    given = parser.parse_args()
    folder = given.environments.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    logs = given.logs.resolve() if given.logs else None
    stories = given.stories.resolve() if given.stories else None
    for environment, script, arguments in checks(given.export.resolve(), logs, stories):
        interpreter = environment.install(folder)
        done = subprocess.run([interpreter, HERE / script, *arguments], env=offline(folder), check=False)
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
