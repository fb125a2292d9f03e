from dataclasses import replace
from pathlib import Path

import pytest
import torch
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video.stepped_network import SteppedNetwork
from flowlace_trainers.video.weights import begin_with, write_weights

from tests.trainers.video.toys import STEPPED, noise, shaken


def test_a_network_begins_with_the_weights_of_another(tmp_path: Path) -> None:
    trained, fresh = shaken(SteppedNetwork(STEPPED)), SteppedNetwork(STEPPED).eval()
    write_weights(trained, tmp_path / "some" / "weights.safetensors")
    begin_with(fresh, tmp_path / "some" / "weights.safetensors")
    clips = noise(2, 5 * 2 * 3, 16, 24)
    torch.testing.assert_close(fresh(clips), trained(clips), rtol=0.02, atol=0.02)


def test_weights_of_other_classes_stay_fresh(tmp_path: Path) -> None:
    trained = shaken(SteppedNetwork(STEPPED))
    write_weights(trained, tmp_path / "weights.safetensors")
    other = SteppedNetwork(replace(STEPPED, classes=7))
    fresh = other.temporal_head.readout[1].weight.detach().clone()
    begin_with(other, tmp_path / "weights.safetensors")
    assert torch.equal(other.temporal_head.readout[1].weight, fresh)
    taken, given = other.frame_tokens.positions, trained.frame_tokens.positions
    torch.testing.assert_close(taken, given, rtol=1e-3, atol=1e-3)


def test_files_that_are_no_weights_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not weights at all")
    network = SteppedNetwork(STEPPED)
    with pytest.raises(TrainerError, match=r"no weights to begin with in .*broken"):
        begin_with(network, broken)
    with pytest.raises(TrainerError, match=r"no weights to begin with in .*missing"):
        begin_with(network, tmp_path / "missing.safetensors")
    write_weights(torch.nn.Linear(3, 3), broken)
    with pytest.raises(TrainerError, match="none fits this network"):
        begin_with(network, broken)
