"""Does one framework read the rows of an export of questions, and score them?

usage: reward_rows.py CHECK EXPORT

EXPORT is what `backstory export questions/` wrote with all formats. CHECK is `bare`, which
needs the wheel alone, `arrow` for the tables, or a framework that is installed:
`verifiers`, `nemo_gym`, `trl`, `verl`. Every row is read with what the framework reads it
with, and goes through the call that it makes: the right answer is worth 2, none is worth 0.
Out: one line; a broken promise is an exception.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reward_calls import backstory_config, expect, response

from backstory import reward

#: What is the answer to no question.
WRONG = '<answer>[{"q": 1, "value": {"no": "value"}}]</answer>'
SPLITS = ("train", "validation", "test")


def files(export: Path, name: str, ending: str) -> list[Path]:
    """Returns the files of a format that are there."""
    places = [export / name / f"{split}-00000-of-00001.{ending}" for split in SPLITS]
    found = [place for place in places if place.exists()]
    expect(bool(found), f"{export / name} has files")
    return found


def lines(export: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yields the rows of a format that has lines."""
    for path in files(export, name, "jsonl"):
        with path.open(encoding="utf-8") as rows:
            yield from map(json.loads, rows)


def worth(row: dict[str, Any], item: str, scored: Callable[[str], Any]) -> None:
    """The right answer of a row is worth the maximum, others nothing."""
    gold = reward.gold_answer(item)
    found = [scored(text) for text in (gold, WRONG, "")]
    expect(found == [2.0, 0.0, 0.0], f"{row.get('item_id')}: {found}")


def check_bare(export: Path) -> str:
    """Rows as lines, and the calls that need no framework."""
    import backstory.nemo_gym
    import backstory.trl

    count = 0
    for row in lines(export, "trl"):
        columns = {name: [value] for name, value in row.items() if name != "prompt"}
        worth(row, row["item"], lambda text, columns=columns: backstory.trl.reward(["p"], [text], **columns)[0])
        count += 1
    for row in lines(export, "nemo-gym"):
        worth(row, row["item"], lambda text, row=row: backstory.nemo_gym.verify(row | {"response": response(text)})["reward"])
    answered = 0
    for row in lines(export, "sft"):
        question, answer = row["messages"]
        expect((question["train"], answer["train"]) == (False, True), "only answers are trained on")
        outcome = reward.score(answer["content"], row["item"])
        known = json.loads(row["item"]).get("function", {}).get("arguments")
        waits = outcome["status"] == "pending" and outcome["pending"]["arguments"] == known
        expect(waits or outcome["score"] == 2.0, f"an answer to train on: {outcome}")
        answered += 1
    return f"{count} rows as lines, {answered} answers to train on"


def check_arrow(export: Path) -> str:
    """Tables: rows of verl and of supervised training are columns of columns."""
    import pyarrow.parquet as pq

    import backstory.verl

    rows = [row for path in files(export, "verl", "parquet") for row in pq.read_table(path).to_pylist()]
    for row in rows:
        expect([message["role"] for message in row["prompt"]] == ["user"], "a chat")
        expect(row["reward_model"]["style"] == "rule", "the style")
        truth, extra = row["reward_model"]["ground_truth"], row["extra_info"]
        worth(extra, truth, lambda text, row=row, truth=truth, extra=extra: backstory.verl.compute_score(
            row["data_source"], text, truth, extra)["score"])
    told = [row for path in files(export, "sft", "parquet") for row in pq.read_table(path).to_pylist()]
    roles = {tuple(message["role"] for message in row["messages"]) for row in told}
    expect(roles == {("user", "assistant")}, f"{roles}")
    return f"{len(rows)} rows of verl and {len(told)} to train on as tables"


def check_verifiers(export: Path) -> str:
    """The taskset loads a file of items and finds every one valid."""
    from verifiers.v1.utils.loaders import load_taskset, taskset_class

    count = 0
    for path in files(export, "items", "jsonl"):
        config = backstory_config(taskset_class("backstory_questions").__mro__[0], path)
        tasks = list(load_taskset(config).load())
        valid = [asyncio.run(task.validate(None)) for task in tasks]
        expect(bool(tasks) and all(one is True for one in valid), f"{path}: {valid}")
        count += len(tasks)
    return f"verifiers {version('verifiers')}: {count} tasks"


def check_nemo_gym(export: Path) -> str:
    """The server takes every row, with a response beside it."""
    from fastapi.testclient import TestClient
    from nemo_gym.base_resources_server import BaseRunRequest
    from nemo_gym.server_utils import ServerClient

    from backstory._nemo_gym_server import QuestionServerConfig
    from backstory.nemo_gym import QuestionServer

    config = QuestionServerConfig(host="127.0.0.1", port=8000, entrypoint="app.py", name="questions")
    server = QuestionServer(config=config, server_client=ServerClient.model_construct())
    client = TestClient(server.setup_webserver(), raise_server_exceptions=False)
    count = 0
    for row in lines(export, "nemo-gym"):
        BaseRunRequest.model_validate(row)

        def post(text: str, row: dict[str, Any] = row) -> Any:
            answer = client.post("/verify", json=row | {"response": response(text)})
            expect(answer.status_code == 200, answer.text[:500])
            return answer.json()["reward"]

        worth(row, row["item"], post)
        count += 1
    return f"nemo-gym {version('nemo-gym')}: POST /verify of {count} rows"


def loaded(export: Path, name: str) -> Any:
    """Returns the rows of a folder as `datasets` reads them by its card."""
    import datasets

    splits = datasets.load_dataset(str(export / name))
    return datasets.concatenate_datasets(list(splits.values()))


def check_trl(export: Path) -> str:
    """`GRPOTrainer` takes the table as its data and asks for rewards of its rows."""
    import tempfile

    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from trl import GRPOConfig, GRPOTrainer

    import backstory.trl

    words = Tokenizer(models.WordLevel({"<unk>": 0, "<pad>": 1, "<eos>": 2, "is": 3}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", pad_token="<pad>", eos_token="<eos>")
    tokens.chat_template = "{% for message in messages %}{{ message.content }} {% endfor %}"
    shape = {"vocab_size": 4, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    model = LlamaForCausalLM(LlamaConfig(**shape, num_attention_heads=1, num_key_value_heads=1))
    rows = loaded(export, "trl")
    with tempfile.TemporaryDirectory() as folder:
        options = GRPOConfig(
            output_dir=folder, use_cpu=True, report_to=[], max_steps=1, num_generations=2,
            per_device_train_batch_size=2, max_completion_length=4, bf16=False, save_strategy="no",
        )
        trainer = GRPOTrainer(
            model=model, reward_funcs=backstory.trl.reward, args=options, train_dataset=rows, processing_class=tokens
        )
        trainer.train()
        for row in rows:
            def ask(text: str, row: dict[str, Any] = row) -> float:
                said = [[{"role": "assistant", "content": text}]]
                return float(trainer._calculate_rewards([row], [row["prompt"]], said, [[3]])[0, 0])

            worth(row, row["item"], ask)
    return f"trl {version('trl')}: one step on the table, {len(rows)} rows scored"


def check_verl(export: Path) -> str:
    """The naive reward manager of verl judges rows as its data reader gives them."""
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from verl import DataProto
    from verl.trainer.ppo.reward import load_reward_manager

    said: list[str] = []

    class Tokens:
        """A tokenizer whose tokens are whole texts."""

        def decode(self, ids: Any, skip_special_tokens: bool = True) -> str:
            """Returns the text of the first token."""
            return said[int(ids[0])]

    config = OmegaConf.create({"reward": {
        "custom_reward_function": {"path": "pkg://backstory.verl", "name": "compute_score", "reward_kwargs": {}},
        "reward_manager": {"source": "register", "name": "naive"},
    }})

    async def judge(rows: Any) -> None:
        manager = load_reward_manager(config, Tokens())
        for row in rows:
            texts = [reward.gold_answer(row["reward_model"]["ground_truth"]), WRONG, ""]
            found = []
            for text in texts:
                said[:] = [text]
                tensors = {"responses": torch.tensor([[0]]), "attention_mask": torch.tensor([[1]])}
                names = ("data_source", "reward_model", "extra_info")
                plain = {name: np.array([row[name]], dtype=object) for name in names}
                found.append((await manager.run_single(DataProto.from_dict(tensors=tensors, non_tensors=plain)))["reward_score"])
            expect(found == [2.0, 0.0, 0.0], f"{row['extra_info']['item_id']}: {found}")

    rows = loaded(export, "verl")
    asyncio.run(judge(rows))
    return f"verl {version('verl')}: {len(rows)} rows judged"


CHECKS: dict[str, Callable[[Path], str]] = {
    "bare": check_bare,
    "arrow": check_arrow,
    "verifiers": check_verifiers,
    "nemo_gym": check_nemo_gym,
    "trl": check_trl,
    "verl": check_verl,
}


def main(name: str, export: str) -> int:
    """Runs one check and returns the exit code."""
    print(f"ok: {CHECKS[name](Path(export))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
