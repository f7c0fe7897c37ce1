# Everything a clone needs: `make run` and `make test` set up .venv by themselves.
# Written for GNU make 3.81, which macOS still ships.

SHELL := /bin/sh
BIN := .venv/bin
PORT ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint bench torture clean-room vendor clean

help:
	@echo "make run         start the Studio on http://localhost:5000 (PORT=5001 changes the port,"
	@echo "                 ARGS='--data DIR' adds any option of studioctl up)"
	@echo "make test        run the tests (ARGS='-k name' selects); what is missing here is skipped"
	@echo "make lint        run the linters and the type checker"
	@echo "make bench       measure against stock MLflow on this machine"
	@echo "make torture     kill server and publisher two hundred times, and look for a lost run"
	@echo "make clean-room  follow the README in a container that has Python, git and make alone"
	@echo "make vendor      copy studio/ into the build context, .seqera/studio"
	@echo "make clean       remove the environment and all caches; your runs in .studio stay"

run:
	@scripts/environment server
	@exec $(BIN)/studioctl up $(if $(PORT),--port $(PORT)) $(ARGS)

test:
	@scripts/environment dev
	@$(BIN)/python -m pytest $(ARGS)

lint:
	@scripts/environment dev
	@.ci/lint

bench:
	@scripts/environment dev
	@$(BIN)/python -m bench $(ARGS)

torture:
	@scripts/environment dev
	@$(BIN)/python -m tests.studio.snapshots.torture $(ARGS)

clean-room:
	@scripts/environment dev
	@$(BIN)/python -m tests.clean_room $(ARGS)

vendor:
	@scripts/environment dev
	@$(BIN)/python -m deploy.vendor

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
