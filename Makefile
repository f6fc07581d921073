# One command each: demo shows the product, test checks everything, bench measures.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: demo demo-all test check bench proof clean

# A stamp tells that the virtual environment has what the package needs (local), or what its developers need (dev).
$(VENV)/.local $(VENV)/.dev: $(VENV)/.%: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@

demo: $(VENV)/.local
	$(BIN)/pytest --stream-contracts contracts/orders

# Every example contract, with a database and a registry: a few minutes. One needs the extra flink, 329 MB: docs/guides/flink.md.
demo-all: $(VENV)/.local
	$(BIN)/pytest --stream-contracts contracts/ --ignore contracts/pageviews

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=harness $(BIN)/lint-imports
	$(BIN)/pytest -q tests/law

test: check
	$(BIN)/pytest -n 2 --dist loadfile --ignore tests/law

# Each figure beside a yardstick of the same run; writes docs/benchmarks.md. One of them: .venv/bin/python -m benchmarks NAME
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# Every wrong pipeline is found and no right one accused: at most half an hour, and the next call goes on where this one was.
# SAMPLE=1 is a part of it, ten minutes; CONTROLS=1000 tries right ones only, until so many trials were made; FRESH=1 forgets.
proof: $(VENV)/.dev
	$(BIN)/python -m benchmarks.proof $(if $(SAMPLE),--sample) $(if $(CONTROLS),--controls $(CONTROLS)) $(if $(FRESH),--fresh) $(if $(WITHIN),--within $(WITHIN))

clean:
	rm -rf $(VENV) build dist
