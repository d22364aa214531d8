# Every learner's and instructor's verb is one line: python -m grader VERB works as well, also without make.
# The first verb you run creates .venv; the developers' verbs at the end use that environment with the test packages.

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
PY := $(if $(wildcard $(VENV_PYTHON)),$(VENV_PYTHON),$(PYTHON))
GRADER := $(PY) -m grader

# STUDENT=folder OUT=folder SEED=n SANDBOX=auto|strict|off STAGE=03_softmax CHECK=name NAME=batch-size ARGS="anything else"
STUDENT_ARG = $(if $(STUDENT),--student "$(STUDENT)")
OUT_ARG = $(if $(OUT),--out "$(OUT)")
COMMON = $(STUDENT_ARG) $(OUT_ARG) $(if $(SEED),--seed $(SEED)) $(if $(SANDBOX),--sandbox $(SANDBOX))

.DEFAULT_GOAL := help
.PHONY: help grade watch stage site hint why debug reset progress report train experiment check-gradients doctor notebook class compare kit update gradescope export \
	regrade-diff check-tasks check-tasks-full new-course new-stage record-times skeleton oracle \
	test test-oldest test-genuine test-hostile test-mutation test-trainings test-fuzz test-load test-noise class-soak class-regrade same-grades screenshots bench bench-check architecture figures measure-seeds measure-diagnosis format lint requirements clean environment environment-long

help: ## list the verbs
	@$(GRADER) --help
	@echo
	@echo "As make targets: make grade STAGE=03_softmax STUDENT=reference OUT=build SEED=0 SANDBOX=strict"
	@echo "For developers:  make test test-oldest test-genuine test-hostile test-mutation test-trainings test-fuzz test-load test-noise class-soak class-regrade same-grades screenshots bench bench-check architecture figures format lint clean"

# --- learn -----------------------------------------------------------------------------------------------------------
grade:
	@$(GRADER) grade $(STAGE) $(COMMON) $(ARGS)
watch:
	@$(GRADER) watch $(STAGE) $(STUDENT_ARG) $(ARGS)
stage:
	@$(GRADER) stage $(STAGE) $(ARGS)
site:
	@$(GRADER) site $(OUT_ARG) $(ARGS)
hint:
	@$(GRADER) hint $(STAGE) $(if $(CHECK),--check $(CHECK)) $(STUDENT_ARG) $(ARGS)
why:
	@$(GRADER) why $(OUT_ARG) $(ARGS)
debug:
	@$(GRADER) debug $(STAGE) $(STUDENT_ARG) $(ARGS)
reset:
	@$(GRADER) reset $(STAGE) $(STUDENT_ARG) $(ARGS)
progress:
	@$(GRADER) progress $(OUT_ARG) $(ARGS)
report:
	@$(GRADER) report $(OUT_ARG) $(ARGS)
train:
	@$(GRADER) train $(STUDENT_ARG) $(if $(DATA),--data "$(DATA)") $(ARGS)
experiment:
	@$(GRADER) experiment $(NAME) $(STUDENT_ARG) $(ARGS)
check-gradients:
	@$(GRADER) check-gradients $(STUDENT_ARG) $(ARGS)
doctor:
	@$(GRADER) doctor $(ARGS)
notebook:
	@$(GRADER) notebook $(STUDENT_ARG) $(OUT_ARG) $(ARGS)

# --- teach -----------------------------------------------------------------------------------------------------------
class:
	@$(GRADER) class "$(SUBMISSIONS)" $(if $(JOBS),--jobs $(JOBS)) $(OUT_ARG) $(ARGS)
compare:
	@$(GRADER) compare $(STUDENT_ARG) $(OUT_ARG) $(ARGS)
kit:
	@$(GRADER) kit $(OUT_ARG) $(ARGS)
update:
	@$(GRADER) update "$(KIT)" $(ARGS)
gradescope:
	@$(GRADER) gradescope $(OUT_ARG) $(ARGS)
export:
	@$(GRADER) export "$(or $(RESULTS),build/results.json)" --format $(or $(FORMAT),junit) $(OUT_ARG) $(ARGS)
regrade-diff:
	@$(GRADER) regrade-diff "$(OLD)" "$(NEW)" $(ARGS)

# --- build the course ------------------------------------------------------------------------------------------------
check-tasks: environment
	@$(VENV_PYTHON) -m grader check-tasks $(ARGS) $(if $(ARGS),,&& $(VENV_PYTHON) -m tests.mistakes.reproduced && CHAIN_RULE_COURSE=courses/attention $(VENV_PYTHON) -m grader check-tasks)
check-tasks-full: environment
	@$(VENV_PYTHON) -m grader check-tasks --full $(ARGS)
new-course:
	@$(GRADER) new-course "$(FOLDER)" $(ARGS)
new-stage:
	@$(GRADER) new-stage "$(NAME)" $(ARGS)
record-times:
	@$(GRADER) record-times $(ARGS)
skeleton:
	@$(GRADER) skeleton $(ARGS)
oracle: environment
	@$(VENV_PYTHON) -m grader oracle $(STUDENT_ARG) $(ARGS)

# --- develop ---------------------------------------------------------------------------------------------------------
environment:
	@$(PY) grader/bootstrap.py base test

environment-long:
	@$(PY) grader/bootstrap.py base test long

test: environment ## everything, all extras
	@bash tests/run

test-oldest: ## NumPy 1.26 on Python 3.11
	@bash tests/run_oldest

test-genuine: environment ## all of MNIST and Fashion-MNIST: needs npm, or CHAIN_RULE_MNIST and CHAIN_RULE_FASHION
	@$(VENV_PYTHON) -m tests.genuine.sets && $(VENV_PYTHON) -m pytest -q -p no:cacheprovider tests/genuine tests/peers

test-hostile: environment ## every hostile submission by uid and by layer switched off
	@$(VENV_PYTHON) -m tests.hostile.table $(ARGS)

test-mutation: environment-long ## mutation testing of the reference by cosmic-ray
	@$(VENV_PYTHON) -m tests.mistakes.mutation $(ARGS)

test-trainings: environment ## training loops with one slip, under fifty seeds: named rightly, or not at all
	@$(VENV_PYTHON) -m tests.mistakes.trainings $(ARGS)

test-fuzz: environment-long ## fuzz the decoder of the worker's messages
	@$(VENV_PYTHON) -m tests.worker.fuzz $(ARGS)

test-load: environment ## that names under load are those of a quiet machine, in ten runs
	@$(VENV_PYTHON) -m tests.diagnosis.under_load $(ARGS)

test-noise: environment ## that no name of a kit is lost where all answers are off by their last bits
	@$(VENV_PYTHON) -m tests.diagnosis.under_noise $(ARGS)

class-soak: environment ## a class of 1,000 with 20 kill -9s
	@$(VENV_PYTHON) -m tests.cohort.soak $(ARGS)

class-regrade: environment ## what is graded again after edits of the course, counted in a class of 40
	@$(VENV_PYTHON) -m tests.cohort.regrade $(ARGS)

same-grades: environment ## that two commits, or folders, grade alike to the last word: OLD=commit NEW=commit
	@$(VENV_PYTHON) -m tests.same_grades "$(OLD)" $(if $(NEW),"$(NEW)") $(if $(JOBS),--jobs $(JOBS)) $(ARGS)

screenshots: environment ## every page in every state, on a phone and on a desk, light and dark, into build/screenshots
	@$(VENV_PYTHON) -m tests.browser.screenshots $(ARGS)

bench: environment ## all ratios, beside their targets
	@$(VENV_PYTHON) -m benchmarks $(ARGS)

bench-check: environment ## which ratio got worse than the saved baseline
	@$(VENV_PYTHON) -m benchmarks --check $(ARGS)

measure-seeds: environment ## accuracy on the hidden set over 20 seeds
	@$(VENV_PYTHON) -m benchmarks.seeds $(ARGS)

architecture: environment ## the rooms of grader/, drawn and listed from its imports
	@$(VENV_PYTHON) -m tests.architecture --draw --write

figures: environment ## the handouts' figures, from closed forms and the images
	@$(VENV_PYTHON) -m docs.make_figures

measure-diagnosis: environment ## which of 250 fresh trainings get the right word
	@$(VENV_PYTHON) -m tests.tasks.training_runs $(ARGS)

format: environment
	@$(VENV_PYTHON) -m ruff check --fix-only --quiet . ; $(VENV_PYTHON) -m ruff format --quiet .

lint: environment
	@$(VENV_PYTHON) -m ruff check . && $(VENV_PYTHON) -m ruff format --check . && $(VENV_PYTHON) -m mypy

requirements: ## pin again: needs uv and the network
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/base.in -o requirements/base.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/class.in -o requirements/class.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/notebook.in -o requirements/notebook.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/test.in -o requirements/test.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements/long.in -o requirements/long.txt

clean: ## remove what was built; your own work stays
	rm -rf build plots .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
