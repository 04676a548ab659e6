# The one door to everything. Works with GNU make 3.81 (macOS) and newer.
.PHONY: help install run dev test check bench screenshots lambda-local s3-local deploy install-infra install-tests
.DEFAULT_GOAL := help

TEST_ENV = .venv-test
TEST_PYTHON = $(TEST_ENV)/bin/python

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

install: ## make .venv and install what serving needs (done by run)
	@sh scripts/environment.sh .venv

run: install ## start on http://localhost:9999 (PORT=… for another)
	@.venv/bin/python -m audio_stream

dev: install-tests ## the same, started again whenever src/ or web/ changes
	@$(TEST_ENV)/bin/watchfiles --sigint-timeout 10 \
	  '$(TEST_PYTHON) -m audio_stream' src web

test: check ## every check and every test that can run here
	@$(TEST_PYTHON) -m pytest --numprocesses auto --maxprocesses 4

check: install-tests ## format, lint, types, layers, pages
	@sh scripts/check.sh $(TEST_ENV)/bin

bench: install-tests ## what can be measured, and how
	@$(TEST_PYTHON) scripts/list_benchmarks.py

screenshots: install-tests ## take the README's pictures from the running product
	@PYTHONPATH=tests $(TEST_PYTHON) docs/screenshots.py

lambda-local: install-tests ## run the Lambda on a file: make lambda-local FILE=recording.webm
	@$(TEST_PYTHON) scripts/lambda_local.py "$(FILE)"

s3-local: install-tests ## a throw-away S3 with the Lambda behind it, to try the product with
	@$(TEST_PYTHON) scripts/s3_local.py

deploy: ## push to Heroku (HEROKU_API_KEY, HEROKU_APP_NAME, HEROKU_EMAIL)
	@sh scripts/deploy.sh

install-infra: ## make .venv-infra, which pulumi runs in
	@sh scripts/environment.sh .venv-infra infra

install-tests:
	@sh scripts/environment.sh $(TEST_ENV) test tools infra
	@sh scripts/node-modules.sh
