# Every target builds its own .venv from pyproject.toml and constraints.txt.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Shows what it installs at a terminal only, since a log needs no progress.
PIP := $(BIN)/python -m pip --disable-pip-version-check $$(test -t 2 || echo --quiet)
ARGS ?=
PACKAGES := agents api connectors evaluation hmi playbooks sim_plant tools
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Where it is set, each of the hundreds of processes that the tests start compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-wheel check size mypy pyright bench valve playbooks soak coverage lock docs figures picture clean

demo: $(VENV)/.run
	@$(BIN)/handwheel demo $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m compileall -q -j 0 $(PACKAGES)
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

# Against the built wheel, in an environment that has the packages of `.venv`, but not this folder:
# what a wheel can lack are packages, data files, entry points and commands.
FOR_WHEEL := tests/api/test_names.py tests/hmi/shell/test_help.py \
	tests/hmi/simulation/test_plant_map.py \
	tests/hmi/site/test_site_commands.py tests/hmi/site/test_tep_site.py \
	tests/playbooks/language/test_loader.py tests/project/test_packaging.py \
	tests/sim_plant/tep/test_process.py
test-wheel: $(VENV)-wheel/.done
	$(VENV)-wheel/bin/python -P -m pytest -n auto --dist loadfile $(FOR_WHEEL) $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@$(MAKE) --no-print-directory -j2 mypy pyright
	PYTHONPATH=typings $(BIN)/lint-imports
	$(BIN)/python .ci/size.py

# Lowers the numbers of size.toml to what is there.
size: $(VENV)/.dev
	$(BIN)/python .ci/size.py --lower

mypy pyright: $(VENV)/.dev
	$(BIN)/$@

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# The frameworks of docs/who-moved-the-valve.md, in an environment of their own.
valve: $(VENV)-valve/.done
	@echo 'Attacking each framework, which takes some minutes; the table comes at the end.'
	@$(VENV)-valve/bin/python -m benchmarks.valve $(ARGS)

$(VENV)-valve/.done: pyproject.toml benchmarks/valve/constraints.txt
	@echo 'Making $(VENV)-valve, which takes some seconds.'
	@$(PYTHON) -m venv $(VENV)-valve
	@echo 'Installing the frameworks into it, which takes a minute or more.'
	@$(VENV)-valve/bin/python -m pip --disable-pip-version-check \
		$$(test -t 2 || echo --quiet) install -c benchmarks/valve/constraints.txt -e '.[valve]'
	@touch $@

# Hours of plant time for each installed playbook.
playbooks: $(VENV)/.dev
	$(BIN)/pytest -m soak --timeout 3600 \
		tests/evaluation/playbook_tests/test_library.py \
		tests/evaluation/playbook_tests/test_answers.py $(ARGS)

soak: $(VENV)/.soak
	$(BIN)/pytest -m soak --timeout 3600 $(ARGS)

# Every branch of what stands between an agent and the plant, run by the tests that are about it.
FOR_COVERAGE := tests/tools tests/gate tests/connectors/actuation
coverage: $(VENV)/.dev
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --timeout 120 \
		--cov --cov-report=term --cov-fail-under=100 $(FOR_COVERAGE) $(ARGS)

LOCKED := --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate pyproject.toml
lock: $(VENV)/.dev
	$(BIN)/uv pip compile $(LOCKED) --extra dev --extra fmi --extra soak -o constraints.txt
	$(BIN)/uv pip compile $(LOCKED) --extra valve -o benchmarks/valve/constraints.txt

# The reference of the command line and of the Python names, into build/docs.
docs: $(VENV)/.run
	$(BIN)/python docs/build.py

# The tables of docs/data from results: make figures ARGS=results.json.
figures: $(VENV)/.run
	$(BIN)/python docs/figures.py $(ARGS)

# Needs librsvg and Cascadia Code, to draw the README's picture of the demo.
picture: $(VENV)/.dev
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python docs/pictures/draw.py

clean:
	rm -rf .venv .venv-wheel .venv-valve build dist *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Handwheel needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@test ! -t 2 || echo "Installing into $(VENV), which takes about a minute the first time."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 2; }

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.run

# What only long tests need, such as pandas, is large.
$(VENV)/.soak: $(VENV)/.dev
	$(PIP) install -c constraints.txt -e '.[soak]'
	@touch $@

$(VENV)-wheel/.done: $(VENV)/.dev $(shell git ls-files '*.py' '*.json' '*.yaml')
	rm -rf $(VENV)-wheel
	$(PYTHON) -m venv --without-pip $(VENV)-wheel
	$(PIP) wheel --no-deps -w $(VENV)-wheel/dist .
	$(PIP) --python $(VENV)-wheel/bin/python install --no-deps $(VENV)-wheel/dist/*.whl
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		>"$$(echo $(VENV)-wheel/lib/python3*/site-packages)/packages-of-dev.pth"
	rm -rf build *.egg-info
	@touch $@
