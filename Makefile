# Two commands do everything: `make demo` and `make test`. Both set up .venv by themselves, and are quick a second time.
# `make demo INPUT=photo.jpg` finds the people of a photo, folder or video of yours.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

unexport PYTHONDONTWRITEBYTECODE  # many processes of the tests would each compile bupose

.PHONY: demo test processors lint format docs notebooks reference clean

demo: .venv/core
	$(BIN)/python scripts/demo.py $${INPUT:+"$$INPUT"}

test: .venv/dev lint
	.ci/get_browser
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The numeric tests once more, without this processor's newest instructions, with one thread and two.
processors: .venv/dev
	$(BIN)/python tests/processors.py -n 2 --dist worksteal

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -n 2

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev
	$(BIN)/python -m sphinx -W --keep-going -q -d out/doctrees docs out/docs

# Runs the notebooks and keeps what they show in them: after their code or the look of a picture has changed.
notebooks: .venv/dev
	$(BIN)/python scripts/docs_notebooks.py

# Writes the pages that come from the code: after an option, a preset or a public name has changed.
reference: .venv/dev
	$(BIN)/python scripts/docs_reference.py

.venv/core: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bupose needs Python 3.11 or newer; this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) torch==2.13.0
	$(PIP) --editable ".[fast]"
	touch $@

.venv/dev: .venv/core
	$(PIP) --editable ".[train,sweep,search,export,fast,explore,tables,heic,lab,ray,docs,dev]"
	touch $@

clean:
	rm -rf .venv out runs build dist *.egg-info
