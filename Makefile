# The front door. `make build` leaves the server at build/bin/warifu; `make test` runs everything that CI runs.
SHELL := /bin/sh
.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)
LISTEN ?= 127.0.0.1:4566
DATA ?= ./warifu-data
RUN_FLAGS ?=

.PHONY: help build run test fast nightly bench model demo check format mutants clean packages-build packages-test packages-bench packages-format

help:
	@echo "make build    the release server at build/bin/warifu (installs what is missing)"
	@echo "make run      build, then serve on $(LISTEN) with data in $(DATA)"
	@echo "make test     everything: sanitized C++ suites, checks, real clients against the release binary"
	@echo "make fast     the quick C++ suites and the checks"
	@echo "make nightly  two million seeded decisions beside the reference evaluator"
	@echo "make bench    the measurements of bench/results.md"
	@echo "make model    a local transformer for better search, in build/models (needs pip and Maven)"
	@echo "make demo     two accounts share one memory, in one terminal"
	@echo "make check    layer, size and style checks alone"
	@echo "make mutants  every planted bug must turn a suite red"
	@echo "make format   lay out the source with clang-format"

packages-build packages-test packages-bench packages-format: packages-%:
	@sh tools/install_packages.sh $*

build: packages-build
	@sh tools/build.sh release warifu
	@mkdir -p build/bin && cmp -s build/release/warifu build/bin/warifu || cp -f build/release/warifu build/bin/warifu
	@sh tools/install_runtimes.sh

run: build
	@exec build/bin/warifu serve --listen $(LISTEN) --data $(DATA) $(RUN_FLAGS)

test: packages-build packages-test
	@sh tools/install_runtimes.sh
	@python3 tools/run_tests.py all

fast: packages-build
	@python3 tools/run_tests.py fast

nightly: packages-build
	@sh tools/build.sh release policy_differential_test
	@WARIFU_DIFFERENTIAL_CASES=2000000 build/release/policy_differential_test --gtest_brief=1

check: packages-build
	@python3 tools/run_tests.py check

mutants: packages-build
	@python3 tools/run_mutants.py

bench: packages-build packages-bench build
	@sh bench/run.sh

model:
	python3 tools/fetch_model.py

demo: build packages-test
	@sh tools/install_clients.sh
	@build/clients/venv/bin/python -B tools/demo.py

format: packages-format
	@git ls-files -co --exclude-standard 'src/*.h' 'src/*.cc' 'test/*.h' 'test/*.cc' 'bench/*.h' 'bench/*.cc' | xargs clang-format-19 -i

clean:
	@rm -rf build
