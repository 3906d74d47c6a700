# The things one does with this checkout. Every target works on a fresh
# clone: it sets up what it needs, below this folder, and says what is missing.

CARGO ?= cargo

.PHONY: help demo test sweep lm conformance bench fuzz docs

help:
	@echo "make demo             build trajectories of the bundled example and show one"
	@echo "make test             format, lints, house rules, generated pages, all tests"
	@echo "make conformance      run the real consumers on the exports of the example"
	@echo "make lm               build and test the language model in this process (minutes)"
	@echo "make bench REPO=PATH  measure on a repository, beside its peer"
	@echo "make fuzz TARGET=parse TIME=60   run one fuzz target for so many seconds"
	@echo "make docs             reference pages and API documentation"

demo:
	@scripts/demo

test:
	@scripts/set-up
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) dev check
	$(CARGO) dev generate --check
	@scripts/check-python
	$(CARGO) test --doc --workspace --locked --quiet
	$(CARGO) nextest run --workspace --locked

sweep:
	$(CARGO) nextest run --locked -p backstory-cli --run-ignored only

lm:
	@scripts/lm

conformance:
	@scripts/conformance

bench:
	@scripts/bench "$(REPO)"

fuzz:
	@fuzz/run "$(TARGET)" "$(TIME)"

docs:
	$(CARGO) dev generate
	$(CARGO) doc --workspace --no-deps --locked
