"""A graph for tests: bars of loudness, events where it is loud, a word a second."""

import math

import numpy as np

from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.time_series import Matrix
from flowlace.formats.transcript import WordRow
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

LOUD = 0.02
TEXT = [
    "the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "while", "conferences",
    "are", "running",
]  # fmt: skip

GRAPH = """
input_stream: "sounds"
output_stream: "events"
output_stream: "bars"
output_stream: "words"
node {
  calculator: "HeardCalculator"
  input_stream: "sounds"
  output_stream: "EVENTS:events"
  output_stream: "BARS:bars"
  output_stream: "WORDS:words"
}
"""


@register_calculator
class HeardCalculator(Calculator[NoOptions]):
    """Finds loud stretches and says a word of TEXT each second, four words a segment."""

    input_ports = (Port("sounds", Matrix),)
    output_ports = (
        Port("EVENTS", list[SoundEvent]),
        Port("BARS", SoundBar),
        Port("WORDS", list[WordRow]),
    )

    def open(self) -> None:
        self._onset_us: int | None = None
        self._first_us: int | None = None
        self._words = 0

    def process(self, packets: PacketSet) -> None:
        at_us = packets.timestamp
        self._first_us = at_us if self._first_us is None else self._first_us
        level = float(np.sqrt(np.mean(packets["sounds"].payload.values ** 2)))
        is_loud = level > LOUD
        dbfs = 20 * math.log10(level) if level else -math.inf
        bar = SoundBar(
            timestamp_us=at_us, label="loud_sound" if is_loud else "", score=0.75 * is_loud,
            dbfs=dbfs,
        )  # fmt: skip
        self.outputs["BARS"].send(Packet(bar, at_us))
        if is_loud and self._onset_us is None:
            self._onset_us = at_us
        elif not is_loud and self._onset_us is not None:
            event = SoundEvent(
                onset_us=self._onset_us, offset_us=at_us, label="loud_sound", score=0.75
            )
            self.outputs["EVENTS"].send(Packet([event], at_us))
            self._onset_us = None
        if at_us - self._first_us >= (self._words + 1) * 1_000_000:
            self._say(at_us)

    def _say(self, at_us: int) -> None:
        start_us = (self._first_us or 0) + self._words * 1_000_000
        row = WordRow(
            start_us=start_us + 100_000, end_us=start_us + 600_000,
            word=TEXT[self._words % len(TEXT)], confidence=None, segment_id=self._words // 4,
        )  # fmt: skip
        self._words += 1
        self.outputs["WORDS"].send(Packet([row], at_us))
