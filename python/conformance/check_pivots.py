"""Does NeMo-Gym's verifier give the expected call of every exported decision its reward?

In: the folder `nemo-gym` of an export of trajectories. Hands every row to the verifier
`swe_pivot` with three responses: the expected call, no call, and a call of another tool.
Out: one line; on a finding, the row and what was given, and exit code 1.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nemo_gym.server_utils import ServerClient
from resources_servers.swe_pivot.app import (
    SwePivotResourcesServer,
    SwePivotResourcesServerConfig,
    SwePivotVerifyRequest,
)


def response(call: dict[str, Any] | None) -> dict[str, Any]:
    """Returns a response of a model that makes one call, or none."""
    said = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    text = {"type": "output_text", "text": "Done.", "annotations": []}
    output = [{**call, "call_id": "c", "id": "f"}] if call else [{**said, "content": [text]}]
    whole = {"id": "r", "created_at": 0.0, "model": "m", "object": "response", "output": output}
    return {**whole, "parallel_tool_calls": False, "tool_choice": "auto", "tools": []}


def reward(server: SwePivotResourcesServer, row: dict[str, Any], call: dict[str, Any] | None) -> float:
    """Returns what the verifier gives."""
    body = SwePivotVerifyRequest.model_validate({**row, "response": response(call)})
    return asyncio.run(server.verify(body)).reward


def main(folder: Path) -> int:
    """Checks every row and returns the exit code."""
    config = SwePivotResourcesServerConfig(host="", port=0, entrypoint="", domain="agent", name="swe_pivot")
    server = SwePivotResourcesServer(config=config, server_client=ServerClient.model_construct())
    rows = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    other = {"type": "function_call", "name": "think", "arguments": "{}"}
    found = []
    for row in rows:
        for call, worth in ((row["expected_action"], 1.0), (None, 0.0), (other, 0.0)):
            given = reward(server, row, call)
            if given != worth:
                found.append(f"{row['uuid']}: {given} instead of {worth} for {call}")
    if not rows:
        found.append(f"no row below {folder}")
    print("\n".join(found) or f"nemo-gym {version('nemo-gym')}: {len(rows)} of {len(rows)} decisions")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
