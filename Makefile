# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out
INSTALLED := $(VENV)/.installed
SWIFTSHADER := .swiftshader/icd
TRAINERS := $(VENV)/.trainers

.PHONY: help install demo test lint types unit format bench bench-engine bench-tracking \
	bench-inference bench-objects bench-sound bench-speech bench-recorder bench-nowcast \
	soak soak-recording bench-recording clean \
	trainers test-trainers

help:  ## show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

install: $(INSTALLED)  ## make the virtual environment and install everything

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)  ## find and follow objects on the built-in test street, result in out/
	@mkdir -p $(OUT)
	$(BIN)/flowlace run object_tracking --source 'testsrc:street?seconds=10&seed=3' \
		--sink $(OUT)/demo.mp4 --sink objects=$(OUT)/demo.jsonl
	@echo "Look at $(OUT)/demo.mp4; the objects are in $(OUT)/demo.jsonl."

test: lint types unit  ## everything CI runs

lint: $(INSTALLED)  ## ruff format and check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)  ## mypy --strict
	$(BIN)/mypy

unit: export FLOWLACE_TEST_VULKAN_ICD = $(shell cat $(SWIFTSHADER))
unit: $(INSTALLED) $(SWIFTSHADER)  ## pytest on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile

# A GPU in software, so that the GPU path is tested for real; its tests skip where it can't be had.
$(SWIFTSHADER):
	@mkdir -p $(dir $@)
	@(cd $(dir $@) && (apt-get download chromium-common || \
		(apt-get update && apt-get download chromium-common)) >log 2>&1 \
		&& dpkg -x chromium-common_*.deb . && rm chromium-common_*.deb) \
		&& echo $(abspath $(dir $@))/usr/lib/chromium/vk_swiftshader_icd.json >$@ \
		|| (echo "no SwiftShader here: tests of the GPU path will skip" && echo >$@)

format: $(INSTALLED)  ## format and sort imports
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

bench: bench-engine bench-tracking bench-inference bench-objects bench-sound bench-speech \
	bench-recorder bench-nowcast bench-video  ## all benchmarks; needs minutes and, for peers, downloads

bench-engine: $(INSTALLED)  ## engine cost beside the last MediaPipe wheel with a graph API
	$(BIN)/python benchmarks/engine_cost.py

bench-tracking: $(INSTALLED)  ## tracking accuracy and speed on ../shared/data/video
	$(BIN)/python benchmarks/tracking_accuracy.py
	$(BIN)/python benchmarks/tracking_speed.py

bench-inference: $(INSTALLED)  ## inference in graphs beside the bare interpreter and MediaPipe's tasks
	$(BIN)/python -m pip install --quiet --editable '.[mediapipe]'
	$(BIN)/python benchmarks/inference_overhead.py
	$(BIN)/python benchmarks/mediapipe_tasks.py

bench-objects: $(INSTALLED)  ## object tracking: scores on streets with exact truth and on real clips
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/object_tracking_accuracy.py

bench-sound: $(INSTALLED)  ## sound events: accuracy and cost beside YAMNet, on ../shared/data/audio
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/sound_accuracy.py \
		--markdown docs/benchmarks/sound_accuracy.md
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/sound_speed.py --hours 0

bench-speech: $(INSTALLED)  ## transcription: words, times and what is invented
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/transcription_accuracy.py

bench-recorder: $(INSTALLED)  ## search in 100 hours, and tags beside YAKE's
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/library_search.py
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/tags.py

bench-video: $(TRAINERS)  ## video classification: a step on a stream beside whole clips, and four streams
	PYTHONPATH=src $(BIN)/python benchmarks/video_speed.py --markdown docs/benchmarks/video_speed.md

bench-nowcast: $(INSTALLED)  ## nowcasting baselines beside published scores, and pysteps where it is installed
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/nowcast_accuracy.py

trainers: $(TRAINERS)  ## install the trainers and torch into the virtual environment

# Torch first and by itself: together with the rest it may come with gigabytes for CUDA.
$(TRAINERS): $(INSTALLED) trainers/pyproject.toml
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable . --editable trainers
	@touch $@

test-trainers: $(TRAINERS)  ## mypy --strict and tests of the trainers
	cd trainers && $(abspath $(BIN))/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/trainers

soak: $(INSTALLED)  ## memory over 100 000 packets, two hours of video, ten of sound; words after an hour
	$(BIN)/python benchmarks/memory_soak.py
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/sound_speed.py --hours 10
	PYTHONPATH=src:benchmarks $(BIN)/python benchmarks/transcription_accuracy.py --hour

soak-recording: $(INSTALLED)  ## twenty recorders killed with −9, and a recording of 10 GB
	PYTHONPATH=. $(BIN)/python benchmarks/recording_soak.py

bench-recording: $(INSTALLED)  ## what recording adds to a graph, and replay beside a run from memory
	$(BIN)/python benchmarks/recording_cost.py

clean:  ## remove the virtual environment and everything made
	rm -rf $(VENV) $(OUT) .swiftshader build dist src/*.egg-info trainers/src/*.egg-info \
		.mypy_cache .ruff_cache .pytest_cache
