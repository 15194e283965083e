# The one way to do each thing. `make` alone lists the targets.
#
# Everything that takes long leaves a stamp (a file in .venv, a manifest, a .mo), so a second run does only
# what its sources ask for. Nothing is installed outside this folder, except that `make test` as root asks
# Debian for Chromium and a Chinese font when they are missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
INI := development.ini

# Pyramid says it at every start; the lock file holds the setuptools that it needs, so nobody has to act on it.
KNOWN_WARNING := ignore:pkg_resources is deprecated as an API:UserWarning

PLUGINS := $(patsubst %/setup.cfg,%,$(wildcard plugins/*/setup.cfg))
PACKAGES := portal_core $(filter-out %.egg-info,$(wildcard plugins/*/portal_*))
METADATA := setup.cfg pyproject.toml $(wildcard plugins/*/setup.cfg plugins/*/pyproject.toml)

VENV_STAMP := $(VENV)/pyvenv.cfg
RUN_STAMP := $(VENV)/.run-installed
TEST_STAMP := $(VENV)/.test-installed
ASSETS := portal_core/static/dist/manifest.json
ASSET_SOURCES := $(wildcard package.json package-lock.json .npmrc tools/build_assets.py tools/build.mjs) \
	$(shell find portal_core/assets_src plugins/*/portal_*/assets_src -type f 2>/dev/null)
CATALOGS := $(patsubst %.po,%.mo,$(wildcard $(PACKAGES:%=%/locale/*/LC_MESSAGES/*.po)))

TYPED := portal_core/api.py portal_core/hookspecs.py \
	$(shell find $(PACKAGES) \( -name services.py -o -path '*/services/*.py' \))

# A race needs the machine for itself, everything else shares it.
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n 2 --dist loadfile
OPTIONS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- Running -----------------------------------------------------------------------------------------

.PHONY: serve
serve: build ## serve the portal with demo data on http://127.0.0.1:6543 (SQLite, embedded worker)
	$(BIN)/portal -c $(INI) db upgrade
	$(BIN)/portal -c $(INI) demo
	exec env PYTHONWARNINGS="$(KNOWN_WARNING)" $(BIN)/pserve $(INI)

.PHONY: build
build: $(RUN_STAMP) $(ASSETS) $(CATALOGS) ## everything `serve` needs, without serving

# ---- Checking ----------------------------------------------------------------------------------------

.PHONY: test
test: $(TEST_STAMP) build ## everything: lint, then all tests on SQLite and PostgreSQL, browser and races too
	tools/system_packages.sh
	@$(MAKE) lint
	$(PYTEST) -q -m concurrency $(OPTIONS)
	$(PYTEST) -q $(PARALLEL) -m "not concurrency" $(OPTIONS)

.PHONY: check
check: lint $(ASSETS) $(CATALOGS) ## lint, unit and functional tests on SQLite: under two minutes
	$(PYTEST) -q $(PARALLEL) --db=sqlite -m "not browser and not concurrency and not slow" $(OPTIONS)

.PHONY: coverage
coverage: $(TEST_STAMP) build ## which lines the unit and functional tests reach, in htmlcov/
	$(BIN)/coverage run -m pytest -q -m "not browser and not concurrency and not slow" $(OPTIONS)
	$(BIN)/coverage combine -q
	$(BIN)/coverage html -q
	$(BIN)/coverage report

.PHONY: lint
lint: $(TEST_STAMP) ## ruff, the import contracts, types of the api, the hooks and the services
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy $(TYPED)

.PHONY: audit
audit: ## known holes in the locked libraries; needs a way to the advisory service, so no part of `make test`
	tools/audit.sh

.PHONY: format
format: $(TEST_STAMP) ## sort imports and lay out the Python code
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(TEST_STAMP) build ## the speed figures, as ratios of interleaved runs
	$(BIN)/python -m bench $(OPTIONS)

# ---- Building ----------------------------------------------------------------------------------------

.PHONY: wheels
wheels: build ## wheels of the core and of every plugin, in dist/
	rm -rf build plugins/*/build
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist . $(PLUGINS:%=./%)
	@ls -1 dist/*.whl

.PHONY: i18n
i18n: $(TEST_STAMP) ## collect the messages of code and templates into the .po files, and compile them
	@for package in $(PACKAGES); do \
		domain=$$(basename $$package); \
		pot=$$package/locale/$$domain.pot; \
		$(BIN)/pot-create --no-location -s -w 120 --package-name $$domain -o $$pot $$package; \
		$(BIN)/pybabel -q update -D $$domain -i $$pot -d $$package/locale -w 120 \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date; \
	done
	@$(MAKE) build

.PHONY: lock
lock: $(VENV_STAMP) ## resolve the dependencies again and write the lock files with hashes
	$(PIP) install --require-hashes -r requirements/lock.txt
	@for name in lock run test node audit; do \
		echo "requirements/$$name.txt"; \
		$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-emit-package portal-core $(PLUGINS:plugins/%=--no-emit-package portal-%) \
			--custom-compile-command "make lock" requirements/$$name.in -o requirements/$$name.txt; \
	done

.PHONY: clean
clean: ## remove what was built; keeps .venv, node_modules and the data in var/
	rm -rf build dist plugins/*/build *.egg-info plugins/*/*.egg-info $(dir $(ASSETS)) htmlcov test-results
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find $(PACKAGES) \( -name '*.mo' -o -name '*.pot' \) -delete
	rm -f $(RUN_STAMP) $(TEST_STAMP)

# ---- Steps with a stamp ------------------------------------------------------------------------------

$(VENV_STAMP):
	tools/make_venv.sh $(VENV)

# Our own distributions are linked from the tree; the lock holds what they need, so nothing is resolved here.
$(RUN_STAMP): $(VENV_STAMP) requirements/run.txt $(METADATA)
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e . $(PLUGINS:%=-e ./%)
	@touch $@

$(TEST_STAMP): $(RUN_STAMP) requirements/test.txt
	$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

# Node is only a build tool: one from PyPI serves where the machine has none that is new enough.
$(ASSETS): $(ASSET_SOURCES) | $(RUN_STAMP)
	@{ command -v npm && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; } >/dev/null 2>&1 \
		|| $(PIP) install --require-hashes -r requirements/node.txt
	$(BIN)/python tools/build_assets.py
	@touch $@

%.mo: %.po | $(RUN_STAMP)
	$(BIN)/pybabel -q compile -i $< -o $@
