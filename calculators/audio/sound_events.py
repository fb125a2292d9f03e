"""Finds where sounds begin and end."""

from dataclasses import dataclass, replace

from flowlace.calculators.audio.sound_runs import SoundRun, SoundRuns
from flowlace.calculators.audio.sound_steps import step_us
from flowlace.formats.rejected_sound import RejectedSound
from flowlace.formats.sound_event import SoundEvent
from flowlace.formats.sound_scores import SoundScores
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

BELOW_THRESHOLD = "below threshold"
TOO_SHORT = "too short"


@proto_options("flowlace.SoundEventsCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class SoundEventsOptions:
    """Options of `SoundEventsCalculator`."""

    merge_gap_us: int = option(1, "int64", default=300_000)
    """Events of one class that are no further apart are one."""

    min_duration_us: int = option(2, "int64", default=50_000)
    """Shorter events are rejected."""


@register_calculator
class SoundEventsCalculator(Calculator[SoundEventsOptions]):
    """Finds where sounds begin and end.

    Inputs:   SCORES (SoundScores) with a header that has `packet_rate`
    Outputs:  EVENTS (list[SoundEvent]): as they end, a list when one or more have
              REJECTED (list[RejectedSound]), optional: candidates that did not become events

    A candidate lasts as long as its score stays at or above the release of its class, and becomes
    an event if it has reached the threshold. What its window reaches over the sound is taken off
    both ends. Several events may be going on at once. An event is sent once nothing that begins
    later can be merged with it.

    Timestamps: of the step at which an event was known to have ended; after the last step at the
    end. Onsets and offsets are in the payload.

    Example:
        ```
        node {
          calculator: "SoundEventsCalculator"
          input_stream: "SCORES:steady_scores"
          output_stream: "EVENTS:events"
          output_stream: "REJECTED:rejected"
          options { [flowlace.SoundEventsCalculatorOptions.ext] { merge_gap_us: 500000 } }
        }
        ```
    """

    input_ports = (Port("SCORES", SoundScores),)
    output_ports = (
        Port("EVENTS", list[SoundEvent]),
        Port("REJECTED", list[RejectedSound], optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires times that are not negative."""
        for name in ("merge_gap_us", "min_duration_us"):
            time = getattr(contract.options, name)
            if time < 0:
                raise ContractError(f"{name} has to be at least 0, but is {time}")

    def open(self) -> None:
        """Learns how long a step is."""
        self._runs = SoundRuns(step_us(self.input_headers["SCORES"], self.node_name))
        self._pending: dict[int, SoundEvent] = {}
        """Events that have ended and may still be merged with the next one, by class."""
        self._ended: list[SoundEvent] = []
        self._rejected: list[RejectedSound] = []

    def process(self, packets: PacketSet) -> None:
        """Takes a step, and sends the events that have ended."""
        packet = packets["SCORES"]
        if not packet:
            return
        time = packet.timestamp
        if self._runs.has_gap_before(time):
            self._finish()
        for run in self._runs.follow(time, packet.payload):
            self._end(run)
        self._release_pending(time)
        self._send(time)

    def close(self) -> None:
        """Sends the events that lasted to the end."""
        if hasattr(self, "_runs") and self._runs.previous_us is not None:
            time = self._runs.previous_us + self._runs.step_us
            self._finish()
            self._send(time)

    def _finish(self) -> None:
        for run in self._runs.finish():
            self._end(run)
        for number in list(self._pending):
            self._settle(number)

    def _end(self, run: SoundRun) -> None:
        event = self._event(run)
        if not run.is_heard:
            self._reject(event, BELOW_THRESHOLD)
            return
        before = self._pending.pop(run.number, None)
        if before is not None:
            event = replace(event, onset_us=before.onset_us, score=max(before.score, event.score))
        self._pending[run.number] = event

    def _event(self, run: SoundRun) -> SoundEvent:
        assert self._runs.classes is not None
        onset, offset = self._runs.span_us(run)
        return SoundEvent(
            onset_us=onset,
            offset_us=offset,
            label=self._runs.classes.labels[run.number],
            score=run.peak,
        )

    def _release_pending(self, now_us: int) -> None:
        """Settles events that nothing can be merged with any more."""
        for number, event in list(self._pending.items()):
            run = self._runs.open_runs.get(number)
            begin_us = now_us + self._runs.step_us if run is None else run.begin_us
            following = SoundRun(number, begin_us, is_cut_before=False, end_us=1 << 62)
            if self._runs.span_us(following)[0] - event.offset_us > self.options.merge_gap_us:
                self._settle(number)

    def _settle(self, number: int) -> None:
        event = self._pending.pop(number)
        if event.offset_us - event.onset_us < self.options.min_duration_us:
            self._reject(event, TOO_SHORT)
        else:
            self._ended.append(event)

    def _reject(self, event: SoundEvent, reason: str) -> None:
        self._rejected.append(
            RejectedSound(
                onset_us=event.onset_us,
                offset_us=event.offset_us,
                label=event.label,
                score=event.score,
                reason=reason,
            )
        )

    def _send(self, timestamp: int) -> None:
        if self._ended:
            self._ended.sort(key=lambda event: (event.onset_us, event.label))
            self.outputs["EVENTS"].send(Packet(self._ended, timestamp))
            self._ended = []
        if self._rejected and "REJECTED" in self.outputs:
            self.outputs["REJECTED"].send(Packet(self._rejected, timestamp))
        self._rejected = []
