"""`gesture_frames` without its TokenLearner, all else alike: what the tokens are compared with.

Command:   flowlace-train video fit gesture_frames_all_places --clips CLIPS --out RUN
"""

from dataclasses import replace

from flowlace_trainers.configs import gesture_frames
from flowlace_trainers.video.image_network import ImageNetworkOptions

assert isinstance(gesture_frames.CONFIG.network, ImageNetworkOptions)
CONFIG = replace(
    gesture_frames.CONFIG,
    name="gesture_frames_all_places",
    network=replace(gesture_frames.CONFIG.network, token_learner=None),
)
