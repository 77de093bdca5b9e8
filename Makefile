# The commands of this project: `make help` lists them. Each makes what it needs first.

.DEFAULT_GOAL := help
# Two installers in one environment would disturb each other.
.NOTPARALLEL:
.PHONY: help run screenshot pictures format check test test-wheel test-core test-bundle test-upgrade \
	test-windows windows-preview bench bundle constraints hooks clean

# Without bytecode every start, and above all the first answer, takes much longer.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never

# The first of these that there is; packaging/set_up.py looks further where it is too old.
PYTHON ?= $(or $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell command -v $(name) 2>/dev/null))),$(error Chatelaine needs Python 3.11 or newer, and finds none))
# -P: what lies in this folder is not to be taken for a package.
IN_VENV := .venv/bin/python -P
# More for the program that is started, and for pytest which tests: make test ARGS="-k undo"
ARGS ?=
SHELL_SCRIPTS := .ci/run $(wildcard packaging/*/*.sh)

# An environment whose Python went away with an update, or which was moved, is made anew.
$(shell for venv in .venv .venv-core .venv-package; do \
	test -x $$venv/bin/python && { test ! -e $$venv/.made-in || grep -qxF '$(CURDIR)' $$venv/.made-in; } \
	|| rm -f $$venv/.ready-*; done)

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

run: .venv/.ready-run ## start Chatelaine
	@$(IN_VENV) -m chatelaine $(ARGS)

screenshot: .venv/.ready-test ## take the pictures of resources/screenshots anew (needs no display)
	@PYTHONPATH=tests $(IN_VENV) packaging/screenshots.py

pictures: .venv/.ready-test ## take the pictures anew that tests compare the timeline with; ARGS=FOLDER for all, to look at
	@QT_QPA_PLATFORM=offscreen PYTHONPATH=app:tests $(IN_VENV) -m support.photograph $(ARGS)

format: .venv/.ready-check ## bring the code into its form
	@.venv/bin/ruff check --fix --exit-zero --quiet
	@.venv/bin/ruff format

check: .venv/.ready-check ## look through the code: rules, form, types, layers, spelling
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy app tests packaging
	.venv/bin/lint-imports
	.venv/bin/codespell
	.venv/bin/validate-pyproject pyproject.toml
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv/bin/zizmor --offline --quiet --config .github/zizmor.yml .github/workflows
	.venv/bin/shellcheck $(SHELL_SCRIPTS)

test: .venv/.ready-test $(if $(ARGS),,test-core) ## run all tests; ARGS="-k undo" for some
	$(IN_VENV) -m pytest $(ARGS)

test-wheel: .venv/.ready-test ## build the wheel, install it elsewhere, and test that instead of the checkout
	@$(IN_VENV) packaging/test_wheel.py $(ARGS)

test-core: .venv-core/.ready-core ## run the unit tests where there is no Qt: the proof that the core needs none
	.venv-core/bin/python -P -m pytest -p no:pytest-qt tests/unit $(ARGS)

bench: .venv/.ready-test ## measure, and write bench.json
	@PYTHONPATH=tests $(IN_VENV) -m bench $(ARGS)

bundle: .venv-package/.ready-package ## build the installers for Linux and the wheel, into dist; ARGS=deb for one
	.venv-package/bin/python packaging/build.py $(or $(ARGS),all)

test-bundle: .venv/.ready-test ## try the installers in dist on a clean Debian (needs root and debootstrap); ARGS=deb
	PYTHONPATH=packaging:tests $(IN_VENV) packaging/testrun.py $(ARGS)

test-upgrade: .venv/.ready-test .venv-package/.ready-package ## update from an old version on a clean Debian (root, debootstrap)
	PYTHONPATH=packaging:tests $(IN_VENV) packaging/test_upgrade.py

windows-preview: .venv-package/.ready-windows ## build the setup for Windows on Linux, to try it out
	PYTHONPATH=packaging .venv-package/bin/python -m windows.preview

test-windows: .venv-package/.ready-windows ## try out the setup for Windows under Wine; ARGS=SETUP for another one
	PYTHONPATH=packaging:tests .venv-package/bin/python -m windows.trial $(ARGS)

constraints: ## bring packaging/constraints.txt up to date with pyproject.toml (needs uv); ARGS=--upgrade
	uv pip compile --quiet $(ARGS) --universal --python-version 3.11 --all-extras --group dev --group package --group package-windows \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file packaging/constraints.txt pyproject.toml

hooks: .venv/.ready-dev ## have git run the quick checks at each commit, the rest at each push
	@.venv/bin/pre-commit install --hook-type pre-commit --hook-type pre-push

clean: ## remove the environments and whatever the tools left
	rm -rf .venv .venv-core .venv-package .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		build dist bench.json .coverage*

.venv/.ready-%: pyproject.toml packaging/constraints.txt packaging/set_up.py
	@$(PYTHON) packaging/set_up.py $*

.venv-package/.ready-%: pyproject.toml packaging/constraints.txt packaging/set_up.py
	@$(PYTHON) packaging/set_up.py $*

.venv-core/.ready-%: pyproject.toml packaging/constraints.txt packaging/set_up.py
	@$(PYTHON) packaging/set_up.py $*
