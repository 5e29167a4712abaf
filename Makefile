# make run    builds what lacks and starts Porthole with a demo machine
# make test   all that must hold: lint, unit and integration tests, the browser
# The rest is listed by make help.

SHELL := /bin/bash
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s
TOOL = $(GO) tool -modfile=scripts/tools/go.mod
# Everything that decides about bin/porthole, so that the second time is quick.
BUNDLED := index.html $(shell find web wasm protocol scripts/bundle -type f -not -path 'web/dist/*')

PLATFORM ?= linux/amd64
IMAGE ?= porthole/rac:$(VERSION)

.PHONY: help run build image test lint vet bench fuzz vuln clean deps-run deps-test deps-bench
.DEFAULT_GOAL := help

help:
	@echo 'make run     start Porthole with a demo machine, at http://127.0.0.1:8080/'
	@echo 'make build   bin/porthole and the static bundle web/dist/'
	@echo 'make image   a container image for docker load: PLATFORM=$(PLATFORM) IMAGE=$(IMAGE)'
	@echo 'make test    lint, unit, integration and browser tests'
	@echo 'make lint    formatting, staticcheck, and the rules of docs/ARCHITECTURE.md'
	@echo 'make bench   the figures that Porthole promises, as one table and as JSON'
	@echo 'make fuzz    every fuzz target, FUZZTIME=$(FUZZTIME) each'
	@echo 'make vuln    known faults in dependencies (needs the network)'
	@echo 'make clean   delete what the build made'

run: deps-run build
	./bin/porthole serve --demo $(ARGS)

build: deps-run .cache/bundle.stamp
	$(GO) build -trimpath -ldflags='-s -w -X main.version=$(VERSION)' -o bin/porthole ./cmd/porthole

.cache/bundle.stamp: $(BUNDLED) go.mod
	$(GO) run ./scripts/bundle --version '$(VERSION)'
	@touch $@

image: build
	$(GO) run ./scripts/image --version '$(VERSION)' --platform '$(PLATFORM)' --tag '$(IMAGE)'

test: deps-test lint build
	$(GO) test -race -timeout 20m ./...

lint: deps-run vet
	@out="$$($(TOOL) gofumpt -l cmd authority protocol relay scripts test wasm web)"; \
	  if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi
	$(GO) run ./scripts/lint/rooms
	$(TOOL) staticcheck ./...
	GOOS=js GOARCH=wasm $$($(TOOL) -n staticcheck) ./wasm/... ./protocol/...

vet:
	$(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./wasm/... ./protocol/...

bench: deps-bench build
	$(GO) run ./scripts/bench $(ARGS)

fuzz: deps-run
	@scripts/fuzz.sh $(FUZZTIME)

vuln: deps-run
	$(TOOL) govulncheck ./...

clean:
	rm -rf bin .cache
	find web/dist -mindepth 1 -not -name .gitkeep -delete

deps-run:
	@scripts/deps.sh run

deps-test:
	@scripts/deps.sh test

deps-bench:
	@scripts/deps.sh bench
