# make app      set up and open the workbench in the browser
# make test     set up and run all tests
# make figures  every figure and table of the paper, from the bundled models
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MODELS := artifacts/models/prosqa_laptop

app: $(READY)
	$(BIN)/streamlit run app.py

figures: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/coconut figures --model $(MODELS) --control $(MODELS)_coconut_unmixed \
		--control $(MODELS)_pause_as_thought --control $(MODELS)_cot --control $(MODELS)_no_cot \
		--data artifacts/problems/laptop_500.json

test: $(READY)
	$(BIN)/ruff check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

test-fast: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not browser"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,figures]'
	@touch $@

.PHONY: app figures test test-fast
