# The everyday ways in. Recipes are short; what they do is in Python (project/bootstrap.py, supervisor/, embedded/, development/).

PYTHON ?= python3
VENV := .venv/bin/python
SETUP := @$(PYTHON) -I project/bootstrap.py
OWN_SERVICES := env -u DATABASE_URL -u REDIS_URL

unexport PYTHONDONTWRITEBYTECODE # a hundred processes would compile the same modules

.DEFAULT_GOAL := help
.PHONY: help run test e2e bench bench-gates torture check format import manage requirements

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Start everything and seed a demo. PORT=8000 PROCESSES=1 BIND=127.0.0.1 SERVER=uvicorn|daphne
	$(SETUP) embedded
	@$(VENV) -m project.supervisor

test: ## Run all tests but those in a browser, on PostgreSQL and Redis of their own. ARGS="tests/chat -k edit"
	$(SETUP) development
	@$(OWN_SERVICES) $(VENV) -m pytest -n logical --dist loadgroup --ignore=tests/e2e $(ARGS)

e2e: ## Run the browser tests on uvicorn and on daphne, or on the one that SERVER names.
	$(SETUP) development
	@set -e; for server in $(or $(SERVER),uvicorn daphne); do \
		E2E_SERVER=$$server $(OWN_SERVICES) $(VENV) -m pytest tests/e2e $(ARGS); done

bench: ## Measure against other servers, ARGS="fanout --quick"; then ARGS=report for tables and plots
	$(SETUP) bench
	@$(OWN_SERVICES) $(VENV) -m bench $(ARGS)

bench-gates: ## Measure gates and revocation, into var/bench/gates.json. ARGS="revoked --quick"
	$(SETUP) bench
	@$(OWN_SERVICES) $(VENV) -m bench.gates $(ARGS)

torture: ## Break real processes while hundreds talk, and check that nothing is lost. ARGS="--short --seed 7"; 20 minutes without --short
	$(SETUP) development
	@$(OWN_SERVICES) $(VENV) -m tests.torture $(ARGS)

check: ## Lint, format, types, layers, migrations, generated files, known vulnerabilities.
	$(SETUP) development
	@$(OWN_SERVICES) $(VENV) -m project.embedded --throwaway -m project.development.check

format: ## Format the code and mend what the linter can mend.
	$(SETUP) development
	@$(VENV) -m ruff format
	@$(VENV) -m ruff check --fix

import: ## Bring a chat log into a room. FILE=log.txt ROOM=name ARGS="--community slug"
	$(if $(FILE),,$(error Name the log, as in: make import FILE=log.txt ROOM=general))
	$(SETUP) embedded
	@$(VENV) -m project.embedded manage.py prepare_database
	@$(VENV) -m project.embedded manage.py import_chat --format irc --room "$(or $(ROOM),$(basename $(notdir $(FILE))))" $(ARGS) "$(FILE)"

manage: ## Run a management command with the services up. ARGS="createsuperuser"
	$(SETUP) embedded
	@$(VENV) -m project.embedded manage.py $(ARGS)

requirements: ## Pin what requirements/*.in ask for. ARGS=--upgrade for newer versions
	$(SETUP) development
	@$(VENV) -m project.development.requirements $(ARGS)
