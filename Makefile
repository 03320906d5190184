# Every target runs from .venv, which is built when it is missing or older than requirements.lock or pyproject.toml.
# PYTHON=/path/to/python chooses the Python that builds it; to change the Python later, delete .venv first.
PYTHON ?=
VENV := .venv
STAMP := $(VENV)/.installed
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet install

.DEFAULT_GOAL := help
.PHONY: help install app lab test lint bench lock

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

install: $(STAMP)  ## build .venv: a minute or two the first time, nothing after that
	@echo "Installed in $(VENV). Next: make app (the walkthrough) or make lab (the workbook)."

app: $(STAMP)  ## open the read-only walkthrough; PORT=8866 chooses the port
	@$(SERVE)

lab: $(STAMP)  ## open the workbook in JupyterLab; PORT=8888 chooses the port
	@$(SERVE)

test: $(STAMP)  ## run the tests
	$(VENV)/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(STAMP)  ## check style and types
	$(VENV)/bin/ruff check lib tests
	$(VENV)/bin/mypy

bench: $(STAMP)  ## time the parts that should stay fast
	$(VENV)/bin/python -m tests.bench

lock:  ## rebuild requirements.lock from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock found no uv on PATH: install it (pip install uv), then run make lock again." >&2; exit 2; }
	unset UV_DEFAULT_INDEX UV_INDEX_URL UV_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS; \
	uv --no-config pip compile pyproject.toml --extra test --upgrade --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links \
	  --generate-hashes --custom-compile-command "make lock" --output-file requirements.lock --quiet

# Ctrl-C reaches make, this shell and the server at once: wait for the server, and take its 130 for the clean end it is.
SERVE = trap : INT; $(VENV)/bin/promptceiling $@ $(if $(PORT),--port $(PORT)) || [ $$? -eq 130 ]

# The stamp names the folder it was made for, because scripts in .venv do: a moved or copied checkout builds its own.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

$(STAMP): requirements.lock pyproject.toml
	@found=; python=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11); do \
	  version=$$("$$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  case $$version in \
	    3.1[1-9]|3.[2-9][0-9]) python=$$candidate; break;; \
	    *) found="$${found:+$$found, }$$candidate is $$version";; \
	  esac; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Prompt Ceiling needs Python 3.11 or newer, but $${found:-$(or $(PYTHON),python3) does not run}:" \
	    "install one, or name it with make install PYTHON=/path/to/python3.12." >&2; exit 2; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python ($$version) comes without the venv module, which builds $(VENV):" \
	    "install it (Debian and Ubuntu: apt-get install python3-venv), then run make install again." >&2; exit 2; \
	fi; \
	if [ "$$(cat $@ 2>/dev/null)" != "$(CURDIR)" ]; then \
	  echo "Building $(VENV) with $$python ($$version): about 250 MB to fetch, 1.1 GB on disk."; \
	  "$$python" -m venv --clear $(VENV) || exit 2; \
	fi
	@rm -f $@
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@echo "$(CURDIR)" > $@
