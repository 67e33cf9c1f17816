# What developers type. Users need only scripts/demo; CI calls scripts/test.
.DEFAULT_GOAL := help
.PHONY: help setup lint format test unit vm-test vm-test-all vm-bench fuzz mends changes reliability bench docs tutorials golden demo lock

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## set this machine up, development tools included
	@scripts/bootstrap --dev

lint: ## ruff, mypy --strict, the import contract
	@scripts/test lint

format: setup ## rewrite the sources in the house format
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

test: ## every test (root)
	@scripts/test

unit: ## the tests that need no root
	@scripts/test unit

vm-test: ## the tests in VMs with stock kernels (root)
	@scripts/vm/test

N ?= 300
SEED ?= 7
fuzz: setup ## random topologies, model against lab, several at once: make fuzz N=300 SEED=7 (root)
	@.venv/bin/python scripts/networks --count $(N) --seed $(SEED) results/fuzz-$(SEED)
	@rm -f results/fuzz-$(SEED)/campaign.sqlite
	@.venv/bin/netlab campaign results/fuzz-$(SEED)/campaign.yaml --page results/fuzz-$(SEED)/campaign.html

mends: setup ## every mend that explain gives, applied: the catalogue, and so many random networks: make mends N=300
	@NETLAB_MENDS_N=$(N) NETLAB_FUZZ_SEED=$(SEED) .venv/bin/pytest -q tests/unit/azure/mends/test_search.py

changes: N = 20
changes: setup ## so many random changes of every scenario: the plan after apply is that of the changed file: make changes N=20
	@NETLAB_CHANGES_N=$(N) .venv/bin/pytest -q tests/unit/plan/test_difference.py

reliability: setup ## hundreds of kills, labs that come and go, large ones that stay up: hours; JSON in results/reliability (root)
	@mkdir -p results/reliability
	@scripts/isolated scripts/reliability kills --count 300 >results/reliability/kills.json
	@scripts/isolated scripts/reliability cycles --count 200 >results/reliability/cycles.json
	@scripts/isolated scripts/reliability soak hubsites 100 --minutes 30 >results/reliability/sites.json
	@scripts/isolated scripts/reliability soak p2s 128 --minutes 30 >results/reliability/clients.json

attack: setup ## change running labs behind their back, one change at a time: each must turn verify red (root)
	@NETLAB_ATTACK=1 scripts/isolated .venv/bin/python -m pytest -q tests/lab/test_mutations.py tests/lab/test_apply.py

bench: setup ## measure commands, throughput and outages: JSON, medians (root)
	@scripts/bench

vm-test-all: ## the same, with every scenario of the catalogue
	@scripts/vm/test --all

vm-bench: ## the same in a VM, where the kernel does IPsec
	@scripts/vm/run 'scripts/bench --runs 2'

docs: setup ## build the documentation into site/, and scenarios/README.md; a dead link fails
	@scripts/docs

tutorials: setup ## run the commands of README.md and the tutorials, and write down what they print (root)
	@scripts/isolated scripts/docs record

golden: ## make golden files and the pairs of the rules anew; look at the difference in git, and name it in the commit
	@NETLAB_UPDATE_GOLDEN=1 PYTHONPATH=. .venv/bin/python -m pytest -q tests/golden tests/unit/scenario/test_rules.py

demo: ## the main job, end to end (root)
	@scripts/demo

# No index in the files: a lock must install from any mirror. uv.lock would name one.
LOCK = uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet $(UPGRADE)
lock: ## pin the dependencies again (needs uv; UPGRADE=--upgrade for newer versions)
	$(LOCK) --group build pyproject.toml -o requirements.lock
	$(LOCK) --group build --group dev --group docs -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(LOCK) --extra azure -c requirements.lock pyproject.toml -o requirements-azure.lock
	$(LOCK) --extra campaign -c requirements-dev.lock pyproject.toml -o requirements-campaign.lock
