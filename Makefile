# SPDX-License-Identifier: GPL-3.0-or-later
#
# Works in folders whose path holds spaces or letters of any language: every path in a recipe is relative, no
# path is a prerequisite, and every tool is started with `python -m`, as installed scripts break in such folders.

# Any Python 3.8 or newer; it finds or makes the environments with the right ones.
PYTHON ?= python3
# More arguments for pytest: make test ARGS="-k folder -x"
ARGS ?=
# Which Blender make test-windows takes
WINDOWS ?= 5.2
# How long make fuzz runs, all targets together
MINUTES ?= 10
# One benchmark alone, or all: make bench ONLY=name
ONLY ?=

# A prompt may hold quotes, dollar signs and backticks. So make must not expand it, and the shell reads it from
# the environment, never from a command line. (On Windows, PROMPT is how the command prompt looks.)
ifneq ($(filter undefined default,$(origin PROMPT)),)
PROMPT := a weathered oak barrel with iron hoops
else ifeq ($(value PROMPT),$$P$$G)
override PROMPT := a weathered oak barrel with iron hoops
else
override PROMPT := $(value PROMPT)
endif
export PROMPT
ifdef BLENDER
override BLENDER := $(value BLENDER)
export BLENDER
endif
override ONLY := $(value ONLY)
export ONLY
# A folder of models: make compare FOLDER=name
override FOLDER := $(value FOLDER)
export FOLDER

# The start of a recipe that needs an environment: sets $$py to its interpreter, or stops.
newest = py="$$("$(PYTHON)" .ci/setup.py path newest)" || exit 1;

.DEFAULT_GOAL := help
.PHONY: help setup demo gateway test test-long test-all test-windows test-desktop check format package repository vendor lock bench soak compare shots fuzz audit clean

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

setup: ## Make the environment of the newest Blender (1.2 GB, once)
	@"$(PYTHON)" .ci/setup.py path newest

demo: ## Generate one prop against the stand-in gateway: make demo PROMPT='oak barrel'
	@$(newest) "$$py" tests/demo.py --prompt "$$PROMPT"

gateway: ## Run the stand-in gateway until Ctrl-C
	@$(newest) "$$py" tests/gateway/serve.py

test: ## Run the tests on the newest Blender; a few of them: ARGS="-k word", ARGS=tests/unit/importer/test_glb_check.py
	@"$(PYTHON)" .ci/run_tests.py test -- $(ARGS)

test-long: ## Run the long tests on the newest Blender: crash matrix, kills, soak, fuzz, farm
	@"$(PYTHON)" .ci/run_tests.py long -- $(ARGS)

test-all: ## Run the tests that need Blender on every version there is
	@"$(PYTHON)" .ci/run_tests.py all -- $(ARGS)

test-windows: ## Run tests on Windows's Python and Blender module, by Wine, on Debian as root; another Blender by WINDOWS=4.2
	@$(newest) "$$py" .ci/on_windows.py --blender "$(WINDOWS)" test -- $(ARGS)

test-desktop: ## Drive a real Blender with a window: make test-desktop BLENDER=/path/to/blender
	@$(newest) "$$py" -m pytest tests/desktop $(ARGS)

check: ## Check format, lint and types
	@$(newest) code=0; \
	"$$py" -m ruff format --check . || code=1; \
	"$$py" -m ruff check . || code=1; \
	"$$py" -m mypy || code=1; \
	exit $$code

format: ## Format and mend what can be mended by itself
	@$(newest) "$$py" -m ruff format . && "$$py" -m ruff check --fix .

package: ## Build and validate the zips in dist/
	@$(newest) "$$py" .ci/package.py

repository: ## Make a static extension repository in dist/repository/
	@$(newest) "$$py" .ci/repository.py $(ARGS)

vendor: ## Fetch the bundled wheels
	@$(newest) "$$py" vendor/fetch.py

lock: ## Resolve the locked requirements anew; ARGS=--upgrade for newer versions
	@"$(PYTHON)" .ci/lock.py $(ARGS)

bench: ## Measure the table of BENCHMARKS.md; another benchmark with ONLY=name, everything with ONLY=all
	@$(newest) "$$py" tests/bench/run.py $${ONLY:+--only "$$ONLY"}

soak: ## 1,000 generations with faults through one process; more in ARGS (20 minutes)
	@$(newest) "$$py" tests/soak.py $(ARGS)

compare: ## Foreign models as props beside Blender's own imports: make compare FOLDER=models
	@$(newest) "$$py" tests/compare_foreign.py $${FOLDER:+"$$FOLDER"} $(ARGS)

shots: ## Take the product shots of the documentation; a few: ARGS="chair lamp"
	@$(newest) "$$py" tests/take_shots.py $(ARGS)

fuzz: ## Hostile inputs for a while: make fuzz MINUTES=10; one target by ARGS="--only glb"
	@$(newest) "$$py" tests/fuzz/run.py --minutes "$(MINUTES)" $(ARGS)

audit: ## Known vulnerabilities of the bundled wheels; says so where that cannot be told
	@$(newest) "$$py" .ci/audit.py

clean: ## Remove what was built, not the environments
	@rm -rf dist out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name .venv -prune -o -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +
