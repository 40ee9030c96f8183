# make app      set up and open the workbench in the browser
# make test     set up and run all tests
# make figures  every figure and table of the paper, from the bundled models
# make hostile  thousands of hostile inputs, twenty times as many kills and full disks as in `make test` (SEED=2 for others)
# make docs     the documentation, in site/: warnings are errors
# make examples the notebooks of examples/ run again; make pictures draws those of the documentation again
# make models   every laptop-sized model once more, from nothing: hours (models.mk)
# make table    the table of accuracies once more, on four times as many problems
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MODEL := artifacts/models/prosqa_laptop
CONTROLS := $(addprefix $(MODEL)_,coconut_unmixed pause_as_thought cot no_cot no_thought)
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
# One process a core, at most four: each needs a gigabyte. tests/conftest.py decides what stays together.
SHARED := --numprocesses logical --maxprocesses 4

app: $(READY)
	$(BIN)/coconut app

figures: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/coconut figures --model $(MODEL) $(CONTROLS:%=--control %) \
		--sweep $(MODEL)_two_thoughts --data artifacts/problems/laptop_500.json
	OMP_NUM_THREADS=1 $(BIN)/coconut figures --model gsm8k_laptop --control gsm8k_laptop_cot --data laptop_arithmetic --first 200
	$(BIN)/coconut reports

table: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/coconut table $(MODEL) $(CONTROLS) $(MODEL)_two_thoughts --data artifacts/problems/laptop_2000.json \
		--out artifacts/tables

test: $(READY)
	$(BIN)/ruff check .
	$(PYTEST) $(SHARED) -m "not timing"
	$(PYTEST) -m timing

hostile: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.hostile --inputs 3000 --seed $(or $(SEED),1)
	COCONUT_HOSTILE=20 $(PYTEST) -s tests/hostile/test_kills.py tests/hostile/test_full_disk.py

# The theme's authors print a note about a future version of mkdocs, which nothing here depends on.
docs: $(READY)
	OMP_NUM_THREADS=1 NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "open site/index.html"

examples: $(READY)
	$(BIN)/python -m examples

pictures: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m docs.draw

test-fast: $(READY)
	$(PYTEST) $(SHARED) -m "not slow and not browser and not timing"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,figures]'
	@touch $@

include models.mk

.PHONY: app docs examples figures hostile pictures table test test-fast
