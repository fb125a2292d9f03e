"""The postures of `gesture_frames` by a small CoAtNet: convolutions first, then relative attention.

Command:   flowlace-train video fit gesture_frames_coatnet --clips CLIPS --out RUN
"""

from dataclasses import replace

from flowlace_trainers.configs import gesture_frames
from flowlace_trainers.detector.backbone import Stage
from flowlace_trainers.video.coatnet import AttentionStage, CoAtNetOptions

CONFIG = replace(
    gesture_frames.CONFIG,
    name="gesture_frames_coatnet",
    network=CoAtNetOptions(
        classes=len(gesture_frames.LABELS),
        width_px=gesture_frames.WIDTH_PX,
        height_px=gesture_frames.HEIGHT_PX,
        stem=16,
        convolution_stages=(
            Stage(width=32, blocks=1, stride=2, expansion=4, is_fused=False),
            Stage(width=64, blocks=2, stride=2, expansion=4, is_fused=False),
        ),
        attention_stages=(
            AttentionStage(width=96, blocks=2),
            AttentionStage(width=128, blocks=1),
        ),
    ),
)
