# What a developer runs. `make` alone lists it. CARGO_TARGET_DIR and CARGO_BUILD_JOBS are honoured as cargo does.

.DEFAULT_GOAL := help
.PHONY: help check test lint doc tools infra bootstrap deploy-test bulk fuzz soak smoke coverage bench dist data train train-check retrain train-flights flights

CARGO ?= cargo
PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
PROGRAM := $(TARGET)/release/lifeboat
TRAIN := .tools/train/bin/python
# Newer than the requirements once they are installed.
TRAINING := .tools/train/.stamp

# What is deployed by default is for Arm; what is tested here is for this machine.
ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)

##@ Every day

help: ## Lists the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: lint ## The fast part: format, lints and unit tests; under a minute once it is built
	$(CARGO) test --release --locked --lib

test: lint doc tools infra bootstrap deploy-test bulk $(TRAINING) ## All of it, as CI does: the stores, the API and its clients, the functions, a model's life, a release
	tests/cargo_lambda.sh
	$(CARGO) build --release --locked --offline
	tests/packages/validate.sh
	tests/clients/run.sh $(PROGRAM)
	$(TRAIN) -B -m unittest discover tests/training
	$(TRAIN) -B tests/lifecycle.py $(PROGRAM)
	LIFEBOAT=$(abspath $(PROGRAM)) $(TRAIN) -B model/flights/replay.py --days 60 --again --folder .tools/flights-60
	$(TRAIN) -B tests/drift.py $(PROGRAM)
	$(PYTHON) -B tests/soak.py $(PROGRAM) --minutes 0.5
	$(TRAIN) -B tests/big.py $(PROGRAM)
	infra/dist.sh
	tests/dist.sh
	tests/wheel.sh
	LIFEBOAT_REQUIRE_ONNX_TESTS=1 LIFEBOAT_BOOTSTRAP=$(abspath .aws-sam/test/Api/bootstrap) LIFEBOAT_MONITOR_BOOTSTRAP=$(abspath .aws-sam/test/Monitor/bootstrap) \
		tests/with_dynamodb_local.sh tests/with_s3.sh \
		$(CARGO) test --release --locked --offline --lib --bins --tests

lint:
	$(CARGO) fmt --check
	$(PYTHON) model/write_card.py model/titanic --check
	$(PYTHON) model/write_card.py model/flights --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings

##@ Parts of the tests

doc: ## Builds the crate's documentation, without warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps --quiet

tools: ## Sets up what the tests need into .tools/
	infra/tools.sh

infra: tools ## Checks templates, workflows, images, scripts, spelling and dependencies
	infra/check.sh

bootstrap: export PATH := $(abspath .tools/cargo-lambda/bin):$(PATH):$(abspath .tools/sam/bin)
bootstrap: tools ## Builds the functions as they are deployed, by cargo-lambda and by SAM
	$(CARGO) lambda build --release --locked --bin api --bin batch --bin monitor
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam build --build-dir .aws-sam/test \
		--parameter-overrides Architecture=$(ARCHITECTURE)

deploy-test: bootstrap ## Deploys the template on an emulator of AWS, as SAM built it, and calls it
	.tools/ministack/bin/python -B tests/deploy/main.py .aws-sam/test/template.yaml

bulk: bootstrap $(TRAINING) ## Scores data sets in bulk on the emulator, with faults injected, and compares each row with lifeboat predict
	$(CARGO) build --release --locked
	.tools/ministack/bin/python -B tests/bulk/main.py .aws-sam/test/template.yaml $(PROGRAM)

coverage: tools ## Measures what the tests of Rust reach, into target/coverage/lcov.info; needs cargo-llvm-cov
	mkdir -p target/coverage
	tests/with_dynamodb_local.sh tests/with_s3.sh $(CARGO) llvm-cov --locked --lib --bins --tests --lcov --output-path target/coverage/lcov.info

##@ Rehearsals

flights: $(TRAINING) ## Replays the flights of April to December 2013 day by day, and goes on where it stopped; writes plot and tables
	$(CARGO) build --release --locked
	LIFEBOAT=$(abspath $(PROGRAM)) $(TRAIN) model/flights/replay.py --write

MINUTES ?= 10

smoke: ## Asks a running service whether it does its work: make smoke URL=http://127.0.0.1:8080
	infra/smoke.sh $(URL)

soak: ## Serves mixed traffic for MINUTES=10 with faults injected, and counts what was lost: nothing
	$(CARGO) build --release --locked
	$(PYTHON) -B tests/soak.py $(PROGRAM) --minutes $(MINUTES)

fuzz: ## Posts torn JSON, tables, tensors and cursors for MINUTES=10 each, all at once, and loads torn graphs for about as long
	FUZZ_MINUTES=$(MINUTES) $(CARGO) test --release --locked --test api -- --nocapture --test-threads 4 mutations
	FUZZ_MINUTES=$(MINUTES) $(CARGO) test --release --locked --test exported mutations

bench: ## Measures parsing, features, the model and one prediction in process
	$(CARGO) bench --locked --profile release

dist: ## Makes what a release ships for this machine, into target/dist: archives, functions, wheel, SBOM, checksums
	infra/dist.sh

##@ The model

data: $(TRAINING) ## Builds the data of model/titanic and model/flights again from the packages that carry it
	$(PYTHON) model/titanic/data.py
	$(TRAIN) model/flights/data.py

train: $(TRAINING) ## Trains the model and writes the package into model/titanic/
	$(CARGO) build --release --locked
	LIFEBOAT=$(PROGRAM) $(TRAIN) model/titanic/train.py
	$(PYTHON) model/write_card.py model/titanic

train-flights: $(TRAINING) ## Trains the model of model/flights and writes its package
	$(CARGO) build --release --locked
	LIFEBOAT=$(abspath $(PROGRAM)) $(TRAIN) model/flights/train.py
	$(PYTHON) model/write_card.py model/flights

train-check: $(TRAINING) ## Trains both models and compares with the committed packages, byte for byte
	$(CARGO) build --release --locked
	LIFEBOAT=$(PROGRAM) $(TRAIN) model/titanic/train.py --check
	$(PYTHON) model/write_card.py model/titanic --check
	LIFEBOAT=$(abspath $(PROGRAM)) $(TRAIN) model/flights/train.py --check
	$(PYTHON) model/write_card.py model/flights --check

OUTPUT ?= candidate

retrain: $(TRAINING) ## Trains a candidate with labelled outcomes: make retrain DATA=labelled.csv VERSION=1.1.0 [OUTPUT=candidate]
	$(CARGO) build --release --locked
	LIFEBOAT=$(PROGRAM) $(TRAIN) model/titanic/retrain.py $(DATA) --output $(OUTPUT) --version $(VERSION)

$(TRAINING): model/requirements.txt
	$(PYTHON) -m venv .tools/train
	.tools/train/bin/pip install --quiet --disable-pip-version-check --requirement model/requirements.txt
	touch $@
