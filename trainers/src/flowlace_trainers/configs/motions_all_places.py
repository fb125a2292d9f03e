"""`motions` without its TokenLearner, all else alike: what the tokens are compared with.

Command:   flowlace-train video fit motions_all_places --begin-with runs/motions_start --out RUN
"""

from dataclasses import replace

from flowlace_trainers.configs import motions
from flowlace_trainers.video.stepped_network import SteppedOptions

assert isinstance(motions.CONFIG.network, SteppedOptions)
CONFIG = replace(
    motions.CONFIG,
    name="motions_all_places",
    network=replace(motions.CONFIG.network, token_learner=None),
)
