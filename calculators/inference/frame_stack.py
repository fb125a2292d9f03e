"""Makes the steps that a video model sees: some frames, evenly spaced in time, in one tensor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

ON_TIME_PART = 8
"""A frame within this part of a period around a tick is on time."""


@proto_options("flowlace.FrameStackCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class FrameStackOptions:
    """Options of `FrameStackCalculator`."""

    frames: int = option(1, default=2)
    """Of a step."""

    period_us: int = option(2, "int64", default=66_667)
    """From frame to frame."""

    max_gap_us: int = option(3, "int64", default=1_000_000)
    """Longest time without a frame that is filled by repeating the nearest; after a longer one
    steps begin anew."""


@register_calculator
class FrameStackCalculator(Calculator[FrameStackOptions]):
    """Stacks frames that are evenly spaced in time, whatever the camera's rate.

    Inputs:   TENSORS (list of one Tensor [1, y, x, channel]): prepared frames
    Outputs:  TENSORS (list of one Tensor [1, y, x, frame · channel]): steps, the oldest frame first

    Each tick of `period_us` takes the frame nearest to it, the later one of two equally near: a
    camera with fewer frames has some of them twice, one with more has some left out. A frame within
    an eighth of a period of its tick is on time. From frames as far apart as ticks, up to that
    eighth, ticks go on: a camera of about the right rate gives every frame once, at once, also
    where its clock runs a little fast or slow.

    PacketResamplerCalculator has such ticks too, but waits for the frame after each, and fills the
    longest gap with repetitions, where a model would see somebody stand still.

    The tensor is deferred, and so are its frames as long as nobody looks at them.

    Counts `gaps` longer than `max_gap_us`, and `unused_frames` of steps that such a gap, or the
    end, has cut off.

    Timestamps: of the last frame of a step, or of its tick where no frame was on time.

    Example:
        ```
        node {
          calculator: "FrameStackCalculator"
          input_stream: "TENSORS:frame_tensors"
          output_stream: "TENSORS:step_tensors"
          options { [flowlace.FrameStackCalculatorOptions.ext] { frames: 2 period_us: 66667 } }
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("TENSORS", list[Tensor]),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires frames, a period, and gaps that are longer."""
        options: FrameStackOptions = contract.options
        for name in ("frames", "period_us"):
            if getattr(options, name) < 1:
                raise ContractError(f"{name} has to be 1 or more, not {getattr(options, name)}")
        if options.max_gap_us < options.period_us:
            raise ContractError(
                f"max_gap_us is {options.max_gap_us}, less than period_us, {options.period_us}; "
                f"then no two frames would ever be one step"
            )

    def open(self) -> None:
        """Starts without a frame."""
        self._last: Tensor | None = None
        self._last_us = 0
        self._tick_us = 0
        self._step: list[Tensor] = []

    def process(self, packets: PacketSet) -> None:
        """Takes one frame."""
        packet = packets["TENSORS"]
        if not packet:
            return
        frame, time_us = _only(packet.payload), packet.timestamp
        if self._last is None:
            self._tick_us = time_us
        elif time_us - self._last_us > self.options.max_gap_us:
            self._start_anew(time_us)
        on_time_us = self._on_time_us(time_us)
        self._fill_ticks_before(time_us - on_time_us, frame, time_us)
        if self._tick_us <= time_us + on_time_us:
            self._add(frame, time_us)
            self._tick_us = self._tick_after(time_us)
        self._last, self._last_us = frame, time_us
        # All ticks up to this frame are settled: nodes below need not wait for the next.
        self.outputs["TENSORS"].set_next_timestamp_bound(time_us + 1)

    def close(self) -> None:
        """Tells what the end has cut off."""
        if self.graph_error is None:
            self._drop_step()

    def _start_anew(self, time_us: int) -> None:
        self.count("gaps")
        self._drop_step()
        self._tick_us = time_us

    def _drop_step(self) -> None:
        if self._step:
            self.count("unused_frames", len(self._step))
            self._step = []

    def _on_time_us(self, time_us: int) -> int:
        """Returns how far from its tick a frame may be; no neighbour may be nearer to it."""
        longest_us = self.options.period_us // ON_TIME_PART
        if self._last is None:
            return longest_us
        return min(longest_us, (time_us - self._last_us) // 2)

    def _tick_after(self, time_us: int) -> int:
        period_us, since_last_us = self.options.period_us, time_us - self._last_us
        if self._last is None or abs(since_last_us - period_us) <= period_us // ON_TIME_PART:
            # Frames are ticks: in step with the camera's clock, none is ever one too many.
            return time_us + period_us
        # Not from the frame: at 50 a second each third is early, and ticks would run away.
        return self._tick_us + period_us

    def _fill_ticks_before(self, until_us: int, frame: Tensor, time_us: int) -> None:
        while self._tick_us < until_us:
            assert self._last is not None
            is_last_nearer = self._tick_us - self._last_us < time_us - self._tick_us
            self._add(self._last if is_last_nearer else frame, self._tick_us)
            self._tick_us += self.options.period_us

    def _add(self, frame: Tensor, time_us: int) -> None:
        self._step.append(frame)
        if len(self._step) == self.options.frames:
            step, self._step = self._step, []
            self.outputs["TENSORS"].send(Packet([_stacked(step)], time_us))


def _only(tensors: Sequence[Tensor]) -> Tensor:
    if len(tensors) != 1 or len(tensors[0].shape) != 4 or tensors[0].shape[0] != 1:
        raise ValueError(
            f"a frame is one tensor [1, y, x, channel], but got {', '.join(map(repr, tensors))}"
        )
    return tensors[0]


def _stacked(frames: Sequence[Tensor]) -> Tensor:
    first = frames[0]
    if len(frames) == 1:
        return first
    for other in frames[1:]:
        if (other.shape, other.dtype) != (first.shape, first.dtype):
            raise ValueError(
                f"frames of one step have to be alike, but {first!r} was followed by {other!r}; "
                f"set output_tensor_width and output_tensor_height of ImageToTensorCalculator"
            )
    _, height, width, channels = first.shape

    def fill(out: NDArray[Any]) -> None:
        for place, frame in enumerate(frames):
            out[..., place * channels : (place + 1) * channels] = frame.array

    return Tensor.deferred((1, height, width, channels * len(frames)), first.dtype, fill)
