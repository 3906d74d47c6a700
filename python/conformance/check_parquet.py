"""Do `datasets`, DuckDB, Polars and pandas read the Parquet folder as it was written?

In: the folders `parquet` and `atif` of one export; the ATIF files say what the
tool arguments are. Out: one line; on a finding, what differs, and exit code 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import duckdb
import pandas
import polars

CONFIGS = ("trajectories", "steps", "instances")
# Tables that an export has only where there is something to put into them.
SOMETIMES = ("evidence", "candidates")
NESTED = ("messages", "message_provenance", "tools", "links")
Arguments = dict[tuple[str, int], Any]


def source_arguments(folder: Path) -> Arguments:
    """Reads the arguments of every call from the ATIF files, by unit and step."""
    found: Arguments = {}
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for step in document["steps"]:
            for call in step.get("tool_calls", []):
                found[document["trajectory_id"], step["step_id"]] = call["arguments"]
    return found


def message_arguments(rows: datasets.Dataset) -> Arguments:
    """Reads the arguments of every call from the messages of the trajectories."""
    found: Arguments = {}
    for row in rows:
        for message, known in zip(row["messages"], row["message_provenance"], strict=True):
            for call in message.get("tool_calls") or []:
                found[row["unit_id"], known["step"]] = call["function"]["arguments"]
    return found


def holds_null(value: Any) -> bool:
    """Returns whether a null stands anywhere inside a value."""
    if isinstance(value, dict):
        return any(holds_null(inner) for inner in value.values())
    if isinstance(value, list):
        return any(holds_null(inner) for inner in value)
    return value is None


def configurations(folder: Path) -> list[str]:
    """Returns the configurations that the export should have."""
    return sorted([*CONFIGS, *(name for name in SOMETIMES if (folder / name).is_dir())])


def load(folder: Path) -> dict[str, datasets.Dataset]:
    """Loads the first split of every configuration, past the cache."""
    # The cache would serve an export loaded earlier from another folder.
    mode = datasets.DownloadMode.FORCE_REDOWNLOAD
    tables = {
        name: datasets.load_dataset(str(folder), name, download_mode=mode)
        for name in configurations(folder)
    }
    return {name: next(iter(splits.values())) for name, splits in tables.items()}


def check_datasets(folder: Path, source: Arguments) -> Iterator[str]:
    """Loads every configuration and compares the arguments with their source."""
    names = datasets.get_dataset_config_names(str(folder))
    if sorted(names) != configurations(folder):
        yield f"datasets: the configurations are {names}"
    tables = load(folder)
    steps = {
        (row["unit_id"], row["step"]): row["arguments"]
        for row in tables["steps"]
        if row["arguments"] is not None
    }
    for what, found in (("steps", steps), ("messages", message_arguments(tables["trajectories"]))):
        if found != source:
            wrong = [key for key in source if found.get(key) != source[key]][:3]
            yield f"datasets: the arguments of the {what} differ from the source, e.g. {wrong}"
        if any(holds_null(arguments) for arguments in found.values()):
            yield f"datasets: the arguments of the {what} are padded with nulls"
    for name in NESTED:
        if any(isinstance(value, str) for row in tables["trajectories"][name] for value in row):
            yield f"datasets: `{name}` is not decoded"


def check_duckdb(folder: Path, source: Arguments) -> Iterator[str]:
    """Asks DuckDB for types, counts and one argument of every call."""
    connection = duckdb.connect()

    def ask(config: str, query: str) -> list[tuple[Any, ...]]:
        path = str(folder / config / "*.parquet").replace("'", "''")
        return connection.execute(query.format(table=f"read_parquet('{path}')")).fetchall()

    types = {row[0]: row[1] for row in ask("trajectories", "describe select * from {table}")}
    types |= {row[0]: row[1] for row in ask("steps", "describe select arguments from {table}")}
    wanted = {"arguments": "JSON", **{name: "JSON[]" for name in NESTED}}
    for name, kind in wanted.items():
        if types[name] != kind:
            yield f"duckdb: `{name}` is {types[name]}, not {kind}"
    rows = ask("steps", "select unit_id, step, arguments from {table} where arguments is not null")
    if {(unit, step): json.loads(text) for unit, step, text in rows} != source:
        yield "duckdb: the arguments differ from the source"
    query = "select count(*) from {table} where arguments ->> '$.command' is not null"
    commands = ask("steps", query)[0][0]
    expected = sum(1 for arguments in source.values() if isinstance(arguments.get("command"), str))
    if isinstance(commands, int) and commands < expected:
        yield f"duckdb: {commands} of {expected} commands are found inside the arguments"
    instances = ask("instances", "select count(*) from {table} where base_commit is null")
    if instances[0][0] != 0:
        yield "duckdb: an instance has no base commit"


def check_frames(folder: Path, source: Arguments) -> Iterator[str]:
    """Reads the steps with Polars and pandas, which show the text of the arguments."""
    path = next((folder / "steps").glob("*.parquet"))
    column = polars.read_parquet(path)["arguments"]
    # The extension type keeps the text in its storage.
    texts = column.ext.storage().drop_nulls().to_list()
    table = pandas.read_parquet(path)
    wanted = [*ordered(source, table)]
    if [json.loads(text) for text in texts] != wanted:
        yield "polars: the arguments differ from the source"
    if [json.loads(text) for text in table["arguments"].dropna()] != wanted:
        yield "pandas: the arguments differ from the source"


def ordered(source: Arguments, table: pandas.DataFrame) -> Iterator[Any]:
    """Yields the source arguments in the order of the table."""
    for unit, step in zip(table["unit_id"], table["step"], strict=True):
        if (unit, step) in source:
            yield source[unit, step]


def main(folder: Path, atif: Path) -> int:
    """Runs every check and returns the exit code."""
    datasets.disable_progress_bars()
    source = source_arguments(atif)
    found = [
        what
        for check in (check_datasets, check_duckdb, check_frames)
        for what in check(folder, source)
    ]
    if not source:
        found.append(f"parquet: no tool call below {atif}")
    print("\n".join(found) or f"parquet: {len(source)} tool calls are the same in every reader")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
