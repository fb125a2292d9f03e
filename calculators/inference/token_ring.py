"""Keeps the tokens of the newest steps of a stream: what a video model remembers."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

Floats = NDArray[np.float32]


@proto_options("flowlace.TokenRingCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRingOptions:
    """Options of `TokenRingCalculator`."""

    steps: int = option(1, default=16)
    """Of the window."""

    every: int = option(2, default=1)
    """A window is sent with the first step, and then with every so manieth."""

    max_gap_us: int = option(3, "int64")
    """A longer time between two steps empties the window; 0 for never."""


@register_calculator
class TokenRingCalculator(Calculator[TokenRingOptions]):
    """Sends the window of the newest steps of tokens, oldest first.

    Inputs:   TENSORS (list of one Tensor [1, token, value]): the tokens of a step
    Outputs:  TENSORS (list of one Tensor [1, step, token, value], float32): the newest last, zeros
              for steps that have not come
              WARMING_UP (bool), optional: whether some have not come

    What stands between the two parts of a stepped network on a stream: with this the result is that
    of the whole clip, though each step is looked at once. All its state is the window:
    `steps` · `token` · `value` floats.

    Tokens of another shape than those before are an error. Counts `resets` after long gaps.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TokenRingCalculator"
          input_stream: "TENSORS:step_tokens"
          output_stream: "TENSORS:token_windows"
          output_stream: "WARMING_UP:warming_up"
          options { [flowlace.TokenRingCalculatorOptions.ext] {
            steps: 16
            every: 4
            max_gap_us: 1000000
          } }
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("TENSORS", list[Tensor]), Port("WARMING_UP", bool, optional=True))
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a window."""
        for name, least in (("steps", 1), ("every", 1), ("max_gap_us", 0)):
            value = getattr(contract.options, name)
            if value < least:
                raise ContractError(f"{name} has to be {least} or more, not {value}")

    def open(self) -> None:
        """Starts with an empty window."""
        self._window: deque[Floats] = deque(maxlen=self.options.steps)
        self._shape: tuple[int, ...] | None = None
        self._steps_come = 0
        self._last_us = 0

    def process(self, packets: PacketSet) -> None:
        """Takes the tokens of one step."""
        packet = packets["TENSORS"]
        if not packet:
            return
        tokens = self._checked(packet.payload)
        self._empty_after_a_gap(packet.timestamp)
        # A copy: the window outlives the call of the model that lent the memory.
        self._window.append(np.array(tokens.floats[0], np.float32))
        self._steps_come += 1
        if (self._steps_come - 1) % self.options.every == 0:
            self._send(packet.timestamp)

    def _checked(self, tensors: Sequence[Tensor]) -> Tensor:
        if len(tensors) != 1 or len(tensors[0].shape) != 3 or tensors[0].shape[0] != 1:
            raise ValueError(
                f"the tokens of a step are one tensor [1, token, value], but got "
                f"{', '.join(map(repr, tensors))}"
            )
        shape = tensors[0].shape
        if self._shape is not None and shape != self._shape:
            raise ValueError(
                f"the window holds tokens of the shape {list(self._shape)}, but now got "
                f"{list(shape)}; one stream needs one model"
            )
        self._shape = shape
        return tensors[0]

    def _empty_after_a_gap(self, time_us: int) -> None:
        limit_us = self.options.max_gap_us
        if self._steps_come and 0 < limit_us < time_us - self._last_us:
            self.count("resets")
            self._window.clear()
            self._steps_come = 0
        self._last_us = time_us

    def _send(self, time_us: int) -> None:
        steps, window = self.options.steps, tuple(self._window)
        shape = (1, steps, *window[0].shape)

        def fill(out: NDArray[Any]) -> None:
            missing = steps - len(window)
            out[0, :missing] = 0
            np.stack(window, out=out[0, missing:])

        self.outputs["TENSORS"].send(Packet([Tensor.deferred(shape, np.float32, fill)], time_us))
        if "WARMING_UP" in self.outputs:
            self.outputs["WARMING_UP"].send(Packet(len(window) < steps, time_us))
