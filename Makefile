# Each target does all of its own set-up: a virtual environment in .venv, dependencies, Qt's system libraries, data.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/bash

.PHONY: demo test check bench screenshots tutorial demo-sky shipped-arcs compare-skies evaluate-skies wheel clean

demo: .venv/.ready
	$(BIN)/astrotl demo --out demo-output

test: .venv/.ready-dev
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -n 2 $(ARGS)

check: .venv/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# make bench [NAME=embed] [FULL=1]
bench: .venv/.ready-dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks $(NAME) $(if $(FULL),--full)

# The README's pictures, of the demo field.
screenshots: .venv/.ready-dev
	$(BIN)/python docs/take_screenshots.py

# The tutorial played in the window by the demo sky's truth, with its pictures.
tutorial: .venv/.ready-dev
	$(BIN)/python docs/take_tutorial.py

# The demo sky that comes with AstroTL, anew: only after a change of the simulator that is worth 16 MB of history.
demo-sky: .venv/.ready-dev
	$(BIN)/python packaging/make_demo_sky.py

# The shipped arcs that stand in for injected ones without caustics: after a change of injector, encoder or recipe.
shipped-arcs: .venv/.ready-dev
	$(BIN)/python packaging/make_shipped_arcs.py

# The pictures and tables of docs/simulation.md, from the real fields that are on this machine.
compare-skies: .venv/.ready-dev
	PYTHONPATH=. $(BIN)/python docs/compare_skies.py

# The tables of docs/evaluation.md, from the labelled skies that are on this machine.
evaluate-skies: .venv/.ready-dev
	PYTHONPATH=. $(BIN)/python docs/evaluate_skies.py

wheel: .venv/.ready-dev
	$(BIN)/python packaging/check_wheel.py

.venv/.ready: pyproject.toml packaging/qt-libraries.sh
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	bash packaging/qt-libraries.sh $(BIN)/python
	touch $@

.venv/.ready-dev: .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

clean:
	rm -rf .venv demo-output bench-output build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
