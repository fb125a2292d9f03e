"""Removes jitter from scores with a median over as many steps as they flicker."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.sound_steps import is_next, step_us
from flowlace.formats.sound_scores import SoundScores
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.ScoreMedianFilterCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreMedianFilterOptions:
    """Options of `ScoreMedianFilterCalculator`."""

    max_steps: int = option(1, default=9)
    """Most steps a median is taken of, an odd number; 1 turns the filter off."""


@dataclass(frozen=True, slots=True)
class _Step:
    packet: Packet[SoundScores]
    winner: int
    """The class that counts as heard most clearly; -1 for none."""


@register_calculator
class ScoreMedianFilterCalculator(Calculator[ScoreMedianFilterOptions]):
    """Removes jitter from scores with a median over as many steps as they flicker.

    Inputs:   SCORES (SoundScores) with a header that has `packet_rate`
    Outputs:  SCORES (SoundScores): for each step the median of each class over the steps around it

    The size adapts to the flicker. With h = (max_steps - 1) / 2, the steps from h before to h
    after are looked at, and changes of the winner are counted: the class with the highest score
    in relation to its threshold, or none. Up to one change is a sound that begins, ends or takes
    over: the step passes as it is, so edges stay where they are. c > 1 changes are flicker: the
    median is taken over c steps before and c after, h at most. At the ends of a stretch it is
    taken over as many on both sides as there are on the shorter one.

    Timestamps: as the input, h steps later in coming.

    Example:
        ```
        node {
          calculator: "ScoreMedianFilterCalculator"
          input_stream: "SCORES:sound_scores"
          output_stream: "SCORES:steady_scores"
          options { [flowlace.ScoreMedianFilterCalculatorOptions.ext] { max_steps: 9 } }
        }
        ```
    """

    input_ports = (Port("SCORES", SoundScores),)
    output_ports = (Port("SCORES", SoundScores),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an odd number of steps."""
        steps = contract.options.max_steps
        if steps < 1 or steps % 2 == 0:
            raise ContractError(f"max_steps has to be an odd number above 0, but is {steps}")

    def open(self) -> None:
        """Hands the header on."""
        header = self.input_headers["SCORES"]
        self._step_us = step_us(header, self.node_name)
        self._half = (self.options.max_steps - 1) // 2
        self._steps: deque[_Step] = deque(maxlen=self.options.max_steps)
        self._sent = 0
        """How many of the steps that are kept were sent, counted from the oldest."""
        self.outputs["SCORES"].set_header(header)

    def process(self, packets: PacketSet) -> None:
        """Takes a step, and sends the one that all its neighbours are known of."""
        packet = packets["SCORES"]
        if not packet:
            return
        previous = self._steps[-1].packet.timestamp if self._steps else None
        if previous is not None and not is_next(packet.timestamp, previous, self._step_us):
            self._flush()
        if len(self._steps) == self._steps.maxlen:
            self._sent -= 1
        self._steps.append(_Step(packet, _winner(packet.payload)))
        if len(self._steps) - self._sent > self._half:
            self._send(self._sent)
        # No offset promises this: after a gap, the steps before it come late.
        if self._sent < len(self._steps):
            waiting = self._steps[self._sent].packet
            self.outputs["SCORES"].set_next_timestamp_bound(waiting.timestamp)

    def close(self) -> None:
        """Sends the last steps."""
        if hasattr(self, "_steps"):
            self._flush()

    def _flush(self) -> None:
        while self._sent < len(self._steps):
            self._send(self._sent)
        self._steps.clear()
        self._sent = 0

    def _send(self, place: int) -> None:
        self._sent += 1
        packet = self._steps[place].packet
        size = min(self._flicker(place), place, len(self._steps) - 1 - place)
        if size:
            near = [self._steps[at].packet.payload.values
                    for at in range(place - size, place + size + 1)]  # fmt: skip
            packet = packet.with_payload(
                SoundScores(
                    classes=packet.payload.classes,
                    values=_median(np.array(near)),
                    is_silence=packet.payload.is_silence,
                )
            )
        self.outputs["SCORES"].send(packet)

    def _flicker(self, place: int) -> int:
        begin, end = max(0, place - self._half), min(len(self._steps), place + self._half + 1)
        winners = [self._steps[at].winner for at in range(begin, end)]
        changes = sum(a != b for a, b in pairwise(winners))
        return min(changes, self._half) if changes > 1 else 0


def _winner(scores: SoundScores) -> int:
    margins = scores.values / scores.classes.thresholds
    best = int(margins.argmax())
    return best if margins[best] >= 1 else -1


def _median(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the median of `[step, class]` over an odd number of steps."""
    middle: NDArray[np.float32] = np.sort(values, axis=0)[len(values) // 2]
    return middle
