from dataclasses import replace
from functools import partial

import pytest
import torch
from flowlace_trainers.video.computation import parameters
from flowlace_trainers.video.joint_clip_network import JointClipNetwork, JointClipOptions
from flowlace_trainers.video.sizes import B
from flowlace_trainers.video.token_learner import TokenLearnerOptions

from tests.trainers.video.test_image_network import without_gradient
from tests.trainers.video.toys import JOINT, LEARNER, STEPS, noise, shaken


def test_it_has_as_many_weights_as_published() -> None:
    options = JointClipOptions(classes=400, size=B, pooling="class_token")
    assert parameters(partial(JointClipNetwork, options)) / 1e6 == pytest.approx(88.9, abs=0.06)


@pytest.mark.parametrize("learner", [None, LEARNER, replace(LEARNER, is_fused=True)])
def test_training_reaches_all_weights(learner: TokenLearnerOptions | None) -> None:
    network = JointClipNetwork(replace(JOINT, token_learner=learner))
    shaken(network)
    network(noise(2, STEPS * 6, 16, 24)).square().sum().backward()
    assert without_gradient(network) == []


def test_the_order_of_steps_matters() -> None:
    network = shaken(JointClipNetwork(replace(JOINT, token_learner=LEARNER)))
    clip = noise(1, STEPS, 6, 16, 24)
    assert not torch.allclose(network(clip.flatten(1, 2)), network(clip.flip(1).flatten(1, 2)))


def test_without_positions_the_order_of_steps_does_not_matter() -> None:
    network = JointClipNetwork(replace(JOINT, token_learner=LEARNER))
    shaken(network)
    torch.nn.init.zeros_(network.positions)
    clip = noise(1, STEPS, 6, 16, 24)
    torch.testing.assert_close(
        network(clip.flip(1).flatten(1, 2)), network(clip.flatten(1, 2)), rtol=1e-4, atol=1e-5
    )
