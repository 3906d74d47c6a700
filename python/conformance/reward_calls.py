"""Does one framework get from its shim what it asks for?

usage: reward_calls.py CHECK ITEMS

CHECK is `bare` or `arrow`, which need the wheel alone (and pyarrow), or a framework that
is installed: `verifiers`, `nemo_gym`, `trl`, `verl`. ITEMS is a file of items, one a line:
a mixed one first, one that asks for arguments second. Out: one line; a broken promise
is an exception.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import backstory
from backstory import reward

WRONG = '<answer>[{"q": 1, "value": 1, "type": "bool"}]</answer>'
HOSTILE = ["", "\ud800", "\x00", "<answer>" + "[" * 100_000, "<answer>__import__('os')</answer>", WRONG]


def expect(holds: bool, promise: str) -> None:
    """Raises an error that names a broken promise."""
    if not holds:
        raise AssertionError(promise)


def check_bare(items: list[str]) -> str:
    """Calls every shim that needs no framework, as its framework would."""
    import backstory.nemo_gym
    import backstory.trl
    import backstory.verl

    mixed, arguments = items
    gold = reward.gold_answer(mixed)
    outcome = reward.score(gold, json.loads(mixed))
    expect(outcome["score"] == 2.0 and len(outcome["steps"]) == 7, "gold is worth the maximum")
    expect(reward.score(None, mixed)["reason"] == "no_answer", "no response is no answer")
    for text in HOSTILE:
        expect(reward.score(text, mixed)["score"] == 0.0, f"worth nothing: {text[:30]!r}")
    check_stub()
    check_options(mixed)
    check_calls(arguments)
    check_code()

    extra: dict[str, list[Any]] = {}
    completions: list[Any] = [gold, [{"role": "assistant", "content": gold}], WRONG, gold]
    rewards = backstory.trl.reward(
        prompts=["p"] * 4,
        completions=completions,
        completion_ids=[[1]] * 4,
        item=[mixed, mixed, mixed, arguments],
        difficulty=["easy"] * 4,
        trainer_state=None,
        log_extra=lambda name, values: extra.update({name: values}),
        log_metric=lambda name, value: None,
    )
    expect(rewards[:3] == [2.0, 2.0, 0.0], f"TRL: {rewards}")
    expect(len(extra["reason"]) == 4, "TRL logs a reason for each")
    pending = backstory.trl.reward(["p"], [reward.gold_answer(arguments)], item=[arguments])
    expect(pending == [None], "TRL: a pending row does not apply")

    scored = backstory.verl.compute_score("d", gold, mixed, {"num_turns": 1}, reward_router_address="a")
    expect(scored["score"] == 2.0 and scored["acc"] == 1.0, f"verl: {scored}")
    wrong = backstory.verl.compute_score("d", WRONG, mixed, {})
    same_types = {key: type(value) for key, value in scored.items()}
    expect({key: type(value) for key, value in wrong.items()} == same_types, "verl: one type a column")
    body = {"responses_create_params": {}, "response": response(gold), "item": mixed, "uuid": "u"}
    answer = backstory.nemo_gym.verify(body)
    expect(answer["reward"] == 2.0 and answer["uuid"] == "u", "NeMo-Gym: keys are kept")
    return "every shim without its framework"


def check_stub() -> None:
    """The stub has every function of the compiled part, with its arguments."""
    core = reward._core
    stub = ast.parse(Path(str(core.__file__)).with_name("_core.pyi").read_text(encoding="utf-8"))
    stated = {one.name: [arg.arg for arg in one.args.args] for one in stub.body if isinstance(one, ast.FunctionDef)}
    names = set(core.__all__) - {"VERIFIER_VERSION"}
    real = {name: list(inspect.signature(getattr(core, name)).parameters) for name in names}
    expect(stated == real, f"the stub says {stated}, the module has {real}")


def check_options(mixed: str) -> None:
    """Options change what they name, and wrong ones are refused."""
    mostly = '<answer>[{"q": 1, "value": true}]</answer>'
    expect(reward.score(mostly, mixed)["score"] == 1.0, "a final answer alone is worth 1")
    expect(reward.score(mostly, mixed, alpha=0.0)["score"] == 2.0, "alpha")
    expect(reward.score(WRONG, mixed, profile="paper")["score"] == 0.0, "the profile of the paper")
    for wrong in ({"profile": "kind"}, {"alpha": 2.0}, {"alfa": 0.5}, {"gate": "open"}):
        expect(raises(ValueError, lambda wrong=wrong: reward.score("", mixed, **wrong)), str(wrong))
    unusable = reward.score("", "{}")
    expect(unusable["score"] is None and unusable["status"] == "unusable", "a row that is none")
    expect(raises(reward.NoScore, lambda: reward.scored("", "{}")), "no score is an error if asked")
    expect(raises(ValueError, lambda: reward.gold_answer("{}")), "and says why")


def check_calls(arguments: str) -> None:
    """Arguments are called by whom the caller names, and only then there is a score."""
    seen = []

    def call(function: Mapping[str, str], given: str) -> tuple[str, str]:
        seen.append((function["entry"], given))
        return "returned", str(sum(json.loads(given)))

    text = reward.gold_answer(arguments)
    expect(reward.score(text, arguments)["pending"] == {"arguments": "[1,2]"}, "arguments wait")
    expect(reward.score(text, arguments, call=call)["score"] == 2.0, "the right result")
    expect(seen == [("f", "[1,2]")], "our copy is called")
    wrong = '<answer>[{"q": 1, "value": [1, 1]}]</answer>'
    expect(reward.score(wrong, arguments, call=call)["score"] == 0.0, "another result")

    def broken(function: Mapping[str, str], given: str) -> tuple[str, str]:
        raise OSError("no sandbox")

    outcome = reward.score(text, arguments, call=broken)
    expect(outcome["score"] is None and outcome["status"] == "infrastructure", "never a score")


def check_code() -> None:
    """Code is worth its passed tests; values have one text."""
    text = "<answer>def f(): ...</answer>"
    expect(reward.code(text) == "def f(): ...", "the code of a block")
    expect(reward.score_unit_tests(text, ["passed", "failed"])["score"] == 0.55, "tests and tag")
    expect(reward.score_unit_tests(text, ["infrastructure"])["score"] is None, "never a score")
    expect(backstory.values.same('{"set":[1,2]}', '{"set":[2,1]}'), "the order of a set")
    expect(not backstory.values.same("1", "true"), "a truth value is no integer")
    floats = [0.1, 1e16, 1e-5, 5e-324, 1.7976931348623157e308, 123456789.125, 1e22, 2.5e-7, -1.0]
    texts = [json.dumps(value) for value in [*floats, "é\n\u2028\"\\\x7f\x1f", [1, "a"], None, True]]
    for one in texts:
        # Ours is what `json.dumps` of Python writes, escapes of ASCII aside.
        wanted = json.dumps(json.loads(one), ensure_ascii=False, separators=(",", ":"))
        expect(backstory.values.canonical(one) == wanted, f"as Python writes it: {one}")


def check_arrow(items: list[str]) -> str:
    """Scores an Arrow table, and anything that speaks its stream interface."""
    import pyarrow as pa

    mixed = items[0]
    gold = reward.gold_answer(mixed)
    table = pa.table({"response": [gold, WRONG, None], "item": [mixed] * 3, "id": [1, 2, 3]})
    scored = reward.score_table(table)
    expect(scored.column("score").to_pylist() == [2.0, 0.0, 0.0], "scores")
    expect(scored.column("reason").to_pylist()[2] == "no_answer", "reasons")
    expect(reward.score_table(scored).column_names == scored.column_names, "columns are replaced")
    stream = SimpleNamespace(__arrow_c_stream__=table.__arrow_c_stream__)
    again = reward.score_table(stream, profile="paper")
    expect(again.column("score").to_pylist() == [2.0, 0.0, 0.0], "a stream")
    return f"pyarrow {pa.__version__}: tables in and out"


def check_verifiers(items: list[str]) -> str:
    """Loads the taskset by its id, scores traces, and runs the validation of the package."""
    import verifiers.v1 as vf
    from verifiers.v1.trace import TraceTask
    from verifiers.v1.utils.loaders import load_taskset, taskset_class

    mixed = items[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        path.write_text("".join(item + "\n" for item in items), encoding="utf-8")
        config_type = taskset_class("backstory_questions").__mro__[0]
        config = backstory_config(config_type, path)
        tasks = list(load_taskset(config))
        expect([task.data.idx for task in tasks] == [0, 1], "tasks in the order of the file")
        gold, pending = (asyncio.run(task.validate(None)) for task in tasks)
        expect(gold is True and pending is None, "gold is valid; a call is not checked here")
        for text, worth in ((reward.gold_answer(mixed), 2.0), (WRONG, 0.0), ("", 0.0)):
            data = tasks[0].data
            trace = vf.Trace(
                task=TraceTask(type="QuestionTask", data=data, key=tasks[0].key, hash=tasks[0].hash),
                agent=vf.AgentInfo(config=vf.AgentConfig(), name="check", trainable=False),
                root_reply=text,
            )
            asyncio.run(tasks[0].score(trace))
            found = {name: one.score if hasattr(one, "score") else one for name, one in trace.rewards.items()}
            expect(list(found.values()) == [worth], f"{found}")
        validated = validate(path, Path(folder))
    return f"verifiers {version('verifiers')}: taskset, traces, vf-validate: {validated}"


def backstory_config(taskset: type, path: Path) -> Any:
    """Returns the configuration of the taskset for a file of items."""
    from backstory.verifiers import QuestionConfig

    expect(taskset.__name__ == "QuestionTaskset", "the id names the taskset")
    return QuestionConfig(id="backstory_questions", path=path)


def validate(path: Path, folder: Path) -> str:
    """Runs the gold and the no-op check of the package on every task."""
    program = Path(sys.executable).parent / "vf-validate"
    options = ["--taskset.path", path, "--runtime.type", "subprocess", "--no-rich", "-o", folder / "out"]
    done = subprocess.run(
        [program, "backstory_questions", *map(str, options)],
        capture_output=True, text=True, check=False, timeout=300, cwd=folder,
    )
    results = sorted((folder / "out").rglob("results.jsonl"))
    expect(bool(results), f"vf-validate wrote results: {done.stdout[-800:]}{done.stderr[-1500:]}")
    rows = [json.loads(line) for line in results[0].read_text(encoding="utf-8").splitlines()]
    found = [(row["gold"]["reason"], row["noop"]["reason"]) for row in sorted(rows, key=lambda row: row["index"])]
    expect(found == [("valid", "valid"), ("unchecked", "valid")], f"vf-validate: {found}")
    return "gold and no-op are what they are here"


def response(text: str) -> dict[str, Any]:
    """Returns a Responses object with one message."""
    content = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [content]}
    return {
        "id": "r", "object": "response", "created_at": 0.0, "model": "m", "output": [message],
        "parallel_tool_calls": False, "tool_choice": "none", "tools": [],
    }


def check_nemo_gym(items: list[str]) -> str:
    """Posts rows to the server of NeMo-Gym, as its rollouts do."""
    from fastapi.testclient import TestClient
    from nemo_gym.server_utils import ServerClient

    from backstory._nemo_gym_server import QuestionServerConfig
    from backstory.nemo_gym import QuestionServer

    mixed, arguments = items
    config = QuestionServerConfig(host="127.0.0.1", port=8000, entrypoint="app.py", name="questions")
    server = QuestionServer(config=config, server_client=ServerClient.model_construct())
    client = TestClient(server.setup_webserver(), raise_server_exceptions=False)
    params = {"input": [{"role": "user", "content": "What does it return?"}]}

    def post(text: str, item: str) -> Any:
        return client.post("/verify", json={"responses_create_params": params, "response": response(text), "item": item})

    gold = post(reward.gold_answer(mixed), mixed)
    expect(gold.status_code == 200 and gold.json()["reward"] == 2.0, f"gold: {gold.text[:500]}")
    for text in ("", WRONG):
        answer = post(text, mixed)
        expect(answer.status_code == 200 and answer.json()["reward"] == 0.0, f"no-op: {answer.text[:500]}")
    failed = post(reward.gold_answer(arguments), arguments)
    expect(failed.status_code == 500, "a row without a score is an error, not a 0")
    return f"nemo-gym {version('nemo-gym')}: POST /verify"


def check_trl(items: list[str]) -> str:
    """Has a real trainer, with a tiny random model, ask for rewards and take one step."""
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from trl import GRPOConfig, GRPOTrainer

    import backstory.trl

    mixed, arguments = items
    words = Tokenizer(models.WordLevel({"<unk>": 0, "<pad>": 1, "<eos>": 2, "is": 3}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", pad_token="<pad>", eos_token="<eos>"
    )
    shape = {"vocab_size": 4, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    model = LlamaForCausalLM(LlamaConfig(**shape, num_attention_heads=1, num_key_value_heads=1))
    rows = Dataset.from_list([{"prompt": "is", "item": mixed}] * 4)
    with tempfile.TemporaryDirectory() as folder:
        options = GRPOConfig(
            output_dir=folder, use_cpu=True, report_to=[], max_steps=1, num_generations=2,
            per_device_train_batch_size=2, max_completion_length=4, bf16=False, save_strategy="no",
        )
        trainer = GRPOTrainer(
            model=model, reward_funcs=backstory.trl.reward, args=options, train_dataset=rows, processing_class=tokens
        )
        trainer.train()
        texts = [reward.gold_answer(mixed), WRONG, reward.gold_answer(arguments)]
        inputs = [{"prompt": "is", "item": item} for item in (mixed, mixed, arguments)]
        found = trainer._calculate_rewards(inputs, ["is"] * 3, texts, [[3]] * 3)
    expect(found[:2, 0].tolist() == [2.0, 0.0], f"rewards: {found}")
    expect(bool(torch.isnan(found[2, 0])), "a pending row does not apply")
    return f"trl {version('trl')}: one step of GRPOTrainer, and its reward call"


def check_verl(items: list[str]) -> str:
    """Has the naive reward manager of verl load the function and judge tokens."""
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from verl import DataProto
    from verl.trainer.ppo.reward import load_reward_manager

    mixed = items[0]
    texts = [reward.gold_answer(mixed), WRONG]

    class Tokens:
        """A tokenizer whose tokens are whole texts."""

        def decode(self, ids: Any, skip_special_tokens: bool = True) -> str:
            """Returns the text of the first token."""
            return texts[int(ids[0])]

    config = OmegaConf.create({"reward": {
        "custom_reward_function": {"path": "pkg://backstory.verl", "name": "compute_score",
                                   "reward_kwargs": {"profile": "paper"}},
        "reward_manager": {"source": "register", "name": "naive"},
    }})

    def row(at: int) -> DataProto:
        tensors = {"responses": torch.tensor([[at]]), "attention_mask": torch.tensor([[1]])}
        plain = {"data_source": "backstory", "reward_model": {"style": "rule", "ground_truth": mixed}, "extra_info": {}}
        return DataProto.from_dict(
            tensors=tensors, non_tensors={key: np.array([value], dtype=object) for key, value in plain.items()}
        )

    async def judge() -> list[Any]:
        manager = load_reward_manager(config, Tokens())
        return [await manager.run_single(row(at)) for at in range(len(texts))]

    gold, wrong = asyncio.run(judge())
    expect(gold["reward_score"] == 2.0 and wrong["reward_score"] == 0.0, f"{gold} {wrong}")
    expect(gold["reward_extra_info"].keys() == wrong["reward_extra_info"].keys(), "the same columns")
    return f"verl {version('verl')}: load_reward_manager and run_single"


def raises(error: type[Exception], act: Callable[[], object]) -> bool:
    """Returns whether `act` raises this error."""
    try:
        act()
    except error:
        return True
    return False


CHECKS: dict[str, Callable[[list[str]], str]] = {
    "bare": check_bare,
    "arrow": check_arrow,
    "verifiers": check_verifiers,
    "nemo_gym": check_nemo_gym,
    "trl": check_trl,
    "verl": check_verl,
}


def main(name: str, path: str) -> int:
    """Runs one check and returns the exit code."""
    items = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line]
    print(f"ok: {CHECKS[name](items)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
