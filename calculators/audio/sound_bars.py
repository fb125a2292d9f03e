"""Says, step by step, which sound dominates and how loud it is."""

from collections import deque
from dataclasses import dataclass

from flowlace.calculators.audio.sound_runs import SoundRun, SoundRuns
from flowlace.calculators.audio.sound_steps import step_us
from flowlace.formats.sound_event import SoundBar
from flowlace.formats.sound_scores import SoundScores
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@dataclass(frozen=True, slots=True)
class _Step:
    timestamp: int
    level_dbfs: float
    scores: SoundScores


@register_calculator
class SoundBarsCalculator(Calculator[NoOptions]):
    """Says, step by step, which sound dominates and how loud it is.

    Inputs:   SCORES (SoundScores) with a header that has `packet_rate`
              LEVELS (float): decibels below full scale of the same steps
    Outputs:  BARS (SoundBar): one for each step with both

    The dominant sound is the one with the highest score of those that are going on, by the rules
    of SoundEventsCalculator: its score has reached the threshold, has not fallen below the release
    since, and what the window reaches over the sound is taken off both ends. For that, a bar
    waits for the scores of the longest reach, and one step more.

    Timestamps: of the step.

    Example:
        ```
        node {
          calculator: "SoundBarsCalculator"
          input_stream: "SCORES:steady_scores"
          input_stream: "LEVELS:levels"
          output_stream: "BARS:bars"
        }
        ```
    """

    input_ports = (Port("SCORES", SoundScores), Port("LEVELS", float))
    output_ports = (Port("BARS", SoundBar),)

    def open(self) -> None:
        """Learns how long a step is."""
        self._runs = SoundRuns(step_us(self.input_headers["SCORES"], self.node_name))
        self._waiting: deque[_Step] = deque()
        self._past: list[SoundRun] = []
        """Runs that have ended, and that bars to come may be in."""

    def process(self, packets: PacketSet) -> None:
        """Takes a step, and sends the bar that all is known of."""
        scores, level = packets["SCORES"], packets["LEVELS"]
        if not scores or not level:
            return
        time = packets.timestamp
        if self._runs.has_gap_before(time):
            self._finish()
        self._past += self._runs.follow(time, scores.payload)
        self._waiting.append(_Step(time, level.payload, scores.payload))
        wait_us = int(scores.payload.classes.reaches_us.max(initial=0)) + self._runs.step_us
        while self._waiting[0].timestamp + wait_us <= time:
            self._send_oldest()
        self.outputs["BARS"].set_next_timestamp_bound(self._waiting[0].timestamp)

    def close(self) -> None:
        """Sends the last bars."""
        if hasattr(self, "_waiting"):
            self._finish()

    def _finish(self) -> None:
        self._past += self._runs.finish()
        while self._waiting:
            self._send_oldest()
        self._past.clear()

    def _send_oldest(self) -> None:
        step = self._waiting.popleft()
        self._past = [run for run in self._past if run.end_us > step.timestamp]
        best = max(
            (run.number for run in (*self._past, *self._runs.open_runs.values())
             if run.is_heard and self._is_within(step.timestamp, run)),
            key=lambda number: step.scores.values[number],
            default=None,
        )  # fmt: skip
        bar = SoundBar(
            timestamp_us=step.timestamp,
            label="" if best is None else step.scores.classes.labels[best],
            score=0.0 if best is None else float(step.scores.values[best]),
            dbfs=step.level_dbfs,
        )
        self.outputs["BARS"].send(Packet(bar, step.timestamp))

    def _is_within(self, timestamp: int, run: SoundRun) -> bool:
        onset, offset = self._runs.span_us(run)
        half = self._runs.step_us // 2
        # A step belongs to a sound that fills half of it or more.
        return onset <= timestamp + half < offset
