# The book and its tests. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
SITE := _build/html/index.html
SCALE ?= book
# the build of PyTorch: cpu or cuda. On Linux the latter brings nearly 3 GB; the book uses no graphics card.
TORCH := cpu
TORCH_PIN := $(shell sed -n 's/^\(torch==[^ ;]*\).*/\1/p' constraints.txt)
TORCH_INDEX := https://download.pytorch.org/whl/cpu

export PYTHONWARNINGS ?= ignore::FutureWarning:jupyter_client
# every process uses one thread per core at most, so that two workers do not fight for two cores
export OMP_NUM_THREADS ?= 1
# the same book for everyone: no encoding, settings or start-up files of the user's own, and nothing
# written to HOME, which may be read-only
export PYTHONUTF8 := 1
export MPLCONFIGDIR := $(CURDIR)/_build/settings/matplotlib
export IPYTHONDIR := $(CURDIR)/_build/settings/ipython
unexport MATPLOTLIBRC

.DEFAULT_GOAL := help
.PHONY: help book epub pdf test test-elsewhere lab results figures publish lint format benchmarks clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

$(READY): pyproject.toml constraints.txt
	@$(if $(filter $(TORCH),cpu cuda),,$(error TORCH: expected cpu or cuda, got $(TORCH)))
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] < (3, 15) else "learnsym needs Python 3.11 to 3.14, this is %d.%d: name another one with make PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
ifeq ($(shell uname -s) $(TORCH),Linux cpu)
	@echo "Looking for the CPU build of $(TORCH_PIN) at $(TORCH_INDEX)"
	@$(BIN)/python -m pip install -q --retries 0 --timeout 10 --no-deps --index-url $(TORCH_INDEX) $(TORCH_PIN) 2>/dev/null \
		|| echo "None there, or out of reach: taking the build that pip finds, which on Linux may bring nearly 3 GB of CUDA"
endif
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[book,test]'
	@touch $@

JUPYTER_BOOK = $(BIN)/python $(BIN)/jupyter-book build _build/source --path-output .

book: $(READY) ## execute the chapters and build the site; writes below _build only
	$(BIN)/python -m learnsym.publish.chapters execute
	$(JUPYTER_BOOK) -W -n --keep-going -q
	@echo "The book is ready: open $(CURDIR)/$(SITE)"

epub: $(READY) ## make _build/learning-symmetry.epub
	$(BIN)/python -m learnsym.publish.chapters execute
	$(JUPYTER_BOOK) --builder custom --custom-builder epub -q
	cp _build/epub/learning-symmetry.epub _build

pdf: $(READY) ## make _build/learning-symmetry.pdf; needs a Chromium or Chrome
	$(BIN)/python -m learnsym.publish.chapters execute
	$(JUPYTER_BOOK) --builder custom --custom-builder singlehtml -q
	$(BIN)/python -m learnsym.publish.pdf _build/singlehtml/index.html _build/learning-symmetry.pdf

# the browser tests look at the site, so it must be up to date
test: book ## run the whole test suite
	$(BIN)/python -m pytest tests -n 2 --dist loadgroup

# the numerical libraries take other paths through the same sums, and so round differently
test-elsewhere: $(READY) ## run the numerical tests and the chapters as if on an older processor
	$(BIN)/python tests/elsewhere.py $(BIN)/python -m pytest tests -n 2 --dist loadgroup -m "not browser and not site"

# the notebooks' kernel is that of .venv, whatever kernels and settings of Jupyter lie elsewhere
lab: $(READY) ## open JupyterLab, where every chapter is a notebook paired with its script
	env -u JUPYTER_PATH JUPYTER_PREFER_ENV_PATH=1 JUPYTER_CONFIG_DIR="$(CURDIR)/_build/settings/jupyter" \
		$(BIN)/python -m jupyterlab --config=jupyter_server_config.py $(LAB)

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
