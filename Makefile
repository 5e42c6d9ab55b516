# The book and its tests. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
SITE := _build/html/index.html
SCALE ?= book

export PYTHONWARNINGS ?= ignore::FutureWarning:jupyter_client
# every process uses one thread per core at most, so that two workers do not fight for two cores
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help book test results figures publish lint format benchmarks clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 13) else "learnsym needs Python 3.11 or 3.12, this is %d.%d: name another one with make PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e '.[book,test]'
	@touch $@

book: $(READY) ## execute the chapters and build the site; writes below _build only
	$(BIN)/python -m learnsym.publish.chapters execute
	$(BIN)/python -m jupyter_book.cli.main build _build/source --path-output . -W -n --keep-going -q
	@echo "The book is ready: open $(CURDIR)/$(SITE)"

# the browser tests look at the site, so it must be up to date
test: book ## run the whole test suite
	$(BIN)/python -m pytest tests -n 2 --dist loadgroup

results: $(READY) ## compute and store a result: make results EXPERIMENT=digit_regression SCALE=book
	@test -n "$(EXPERIMENT)" || { echo "EXPERIMENT: expected a name, got none; these are stored:"; $(BIN)/python -m learnsym.results list; exit 2; }
	$(BIN)/python -m learnsym.results run $(EXPERIMENT) $(SCALE)

figures: $(READY) ## execute every chapter again, with its figures below _build
	$(BIN)/python -m learnsym.publish.chapters execute --force

publish: $(READY) ## make the executed notebooks the reference; the only target that writes them
	$(BIN)/python -m learnsym.publish.chapters publish

lint: $(READY) ## check the code's style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## put the code into its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(READY) ## measure speed
	$(BIN)/python -m pytest benchmarks -o python_files='bench_*.py' --benchmark-columns=min,median,rounds

clean: ## remove what was built, keep the environment and the stored results
	rm -rf _build .pytest_cache .hypothesis .ruff_cache .benchmarks
