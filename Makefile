# What can be done here. Every target makes its own virtual environment; nothing but Python 3.11+,
# make and the package registries is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
# Each worker has a control plane of its own; the tests wait, so a few more than cores are good,
# and many more than that make each of them slow.
WORKERS ?= 3
RUN := PYTHONPATH=operator:. $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help setup lock check unit test demo playground crds cures release bundle bench bench-10k soak sieve failover misoperations mutants snapshot upgrade contract docs picture figures node ways image image-twice clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

lock: $(STAMP) ## update the locked dependencies
	$(BIN)/python tools/lock.py

check: $(STAMP) ## lint, types, layers, CRD parity and unit tests, in under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy operator
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict deploy
	@# The rules are searched with fewer examples here; `make unit` and `make test` try them all.
	EXAMPLES=25 $(BIN)/pytest -q -n 2 tests/house tests/model tests/plan tests/mutants

unit: $(STAMP) ## the tests that need no API server, on the Python that is PYTHON=
	$(BIN)/pytest -q -n 2 tests/house tests/model tests/plan tests/mutants tests/quay tests/cluster tests/app

test: $(STAMP) ## all tests, on a real API server (built once, with progress)
	@$(RUN) -m tests.kit.controlplane build
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

node: $(STAMP) ## the image and the manifests on a real node of this machine (root)
	@$(RUN) -m tests.node

ways: $(STAMP) ## the table of docs/install.md: each way of installing on that node (root); ONLY= classes
	@$(RUN) -m tests.node.ways $(ONLY)

demo: $(STAMP) ## the main job on this machine, with a verdict
	@$(RUN) -m tests.kit.demo

playground: $(STAMP) ## the demo that stays up to be tried
	@$(RUN) -m tests.kit.demo --stay

crds: $(STAMP) ## write deploy/crds, deploy/argocd and docs/reference.md from the models
	$(BIN)/quayrobot crds --output deploy/crds
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/argocd.py

cures: $(STAMP) ## write what the commands say against each reason from docs/operations.md
	$(BIN)/python tools/cures.py > operator/quayrobot/app/commands/report/cures.json

release: $(STAMP) ## write all files of release VERSION= into dist/VERSION; NO_IMAGE=1, PLATFORMS=, BASE=
	$(BIN)/python tools/release.py "$(VERSION)" "dist/$(VERSION)" $(DOWNLOADS) $(if $(NO_IMAGE),--no-image) \
		$(if $(PLATFORMS),--platforms="$(PLATFORMS)") $(if $(BASE),--base="$(BASE)")

bundle: $(STAMP) ## write bundle and catalog for OLM of VERSION= into dist/olm-VERSION
	@$(BIN)/python tools/bundle.py "$(VERSION)" "dist/olm-$(VERSION)" $(if $(CHANNEL),--channel="$(CHANNEL)") \
		$(if $(IMAGE),--image="$(IMAGE)") $(if $(BUNDLE_IMAGE),--bundle-image="$(BUNDLE_IMAGE)") \
		$(if $(REPLACES),--replaces="$(REPLACES)") $(if $(SKIP_RANGE),--skip-range="$(SKIP_RANGE)") \
		$(if $(HOMEPAGE),--homepage="$(HOMEPAGE)")

bench: $(STAMP) ## measure the operator beside a bare script
	@$(RUN) -m tests.bench
	@$(RUN) -m tests.bench.cluster_robots

bench-10k: $(STAMP) ## the same with ten thousand robots: some ten minutes
	@$(RUN) -m tests.bench.ten_thousand

soak: $(STAMP) ## lives drawn from SEED= on for MINUTES=, judged; ZOO=1: deliberate bugs
	@$(RUN) -m tests.soak $(if $(SEED),--seed=$(SEED)) $(if $(ROBOTS),--robots=$(ROBOTS)) \
		$(if $(STEPS),--steps=$(STEPS)) $(if $(PREFIX),--prefix=$(PREFIX)) \
		$(if $(MINUTES),--minutes=$(MINUTES)) $(if $(ZOO),--zoo) $(if $(OUTPUT),--output=$(OUTPUT))

sieve: $(STAMP) ## killed after each write, old views, missed events; ONLY= a pattern, LIVES=, WIDTH=, ZOO=1
	@$(RUN) -m tests.sieve $(if $(ONLY),--only="$(ONLY)") $(if $(LIVES),--lives="$(LIVES)") \
		$(if $(WIDTH),--width=$(WIDTH)) $(if $(ZOO),--zoo) $(if $(OUTPUT),--output=$(OUTPUT))

failover: $(STAMP) ## the leader killed, ended and replaced among edits of ROBOTS= robots
	@$(RUN) -m tests.failover $(if $(ROBOTS),--robots=$(ROBOTS)) $(if $(OUTPUT),--output=$(OUTPUT))

misoperations: $(STAMP) ## every property of every kind declared wrongly and back; ONLY= a pattern, WIDTH=
	@$(RUN) -m tests.misoperations $(if $(ONLY),--only="$(ONLY)") $(if $(WIDTH),--width=$(WIDTH)) \
		$(if $(OUTPUT),--output=$(OUTPUT))

mutants: $(STAMP) ## small changes of the rules, one at a time: does a test notice each? ONLY= a module
	@$(RUN) -m tests.mutants $(if $(ONLY),--only="$(ONLY)")

snapshot: $(STAMP) ## keep what this version, or the one of commit OLD=, stores as VERSION= for test_upgrade
	@$(RUN) -m tests.upgrade --snapshot="$(VERSION)" $(if $(OLD),--old=$(OLD))

upgrade: $(STAMP) ## from the version of commit OLD= to this one and back
	@$(RUN) -m tests.upgrade --old="$(OLD)"

contract: $(STAMP) ## the contract suite against QUAY_URL= QUAY_TOKEN= QUAY_ORG=
	$(BIN)/pytest -q tests/contract

docs: $(STAMP) ## the pages of docs/ as a site that can be searched, in dist/site
	$(BIN)/sphinx-build -q --keep-going -W -b html docs dist/site

picture: $(STAMP) ## docs/board.png: the board over a real operator, by a real Prometheus
	@$(RUN) -m tests.picture

figures: $(STAMP) ## all reliability and cost figures into one report; KEPT=1: those of the last runs
	@$(RUN) -m tests.figures $(if $(KEPT),--kept)

image: $(STAMP) ## build the container image with docker, podman or buildah, beside dist/image.cdx.json
	@# Dates are those of the commit, so that a second build has the same bytes.
	@mkdir -p dist; export SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}; \
	$(BIN)/python tools/sbom.py dev > dist/image.cdx.json || exit 1; \
	for engine in docker podman buildah; do \
		command -v $$engine >/dev/null || continue; \
		[ $$engine = buildah ] || $$engine info >/dev/null 2>&1 || continue; \
		dates="--timestamp $$SOURCE_DATE_EPOCH"; \
		[ $$engine != docker ] || dates="--build-arg SOURCE_DATE_EPOCH"; \
		exec $$engine build $$dates -t quay-robot-operator:dev .; \
	done; echo "image: none of docker, podman and buildah runs here"; exit 1

image-twice: $(STAMP) ## build the image twice from nothing and compare it byte by byte (root)
	@$(RUN) -m tests.node.twice

clean: ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
