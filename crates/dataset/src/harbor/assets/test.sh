#!/bin/bash
# Judges the work of the agent in a fresh environment: its diff is applied to the
# base commit there, test files and runner settings are put back, tests are run.
mkdir -p /logs/verifier
BACKSTORY_MODEL_PATCH=/logs/artifacts/model.patch bash /tests/eval.sh > /logs/verifier/test_output.txt
python3 /tests/reward.py /tests/tests.json /logs/verifier/test_output.txt > /logs/verifier/reward.json
