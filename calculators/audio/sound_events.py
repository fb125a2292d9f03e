"""Finds where sounds begin and end."""

from dataclasses import dataclass, replace

from flowlace.calculators.audio.loudness_edges import LoudnessEdges
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

    merge_gap_us: int = option(1, "int64", default=1_000_000)
    """Events of one class that are no further apart are one."""

    min_duration_us: int = option(2, "int64", default=200_000)
    """Shorter events are rejected."""

    edge_search_us: int = option(3, "int64", default=400_000)
    """How far onsets and offsets may be moved to a step in loudness; 0 leaves them."""

    min_edge_db: float = option(4, default=3.0)
    """Smaller changes of level are no steps."""


@dataclass(slots=True)
class _Candidate:
    """An event that has ended, and may still be merged with the next one or be moved."""

    event: SoundEvent
    has_onset: bool
    """Whether its onset was moved to where it is loudest in rising."""
    is_cut_before: bool
    is_cut_after: bool


@register_calculator
class SoundEventsCalculator(Calculator[SoundEventsOptions]):
    """Finds where sounds begin and end.

    Inputs:   SCORES (SoundScores) with a header that has `packet_rate`
              LEVELS (float), optional: decibels below full scale of the same steps
    Outputs:  EVENTS (list[SoundEvent]): as they end, a list when one or more have
              REJECTED (list[RejectedSound]), optional: candidates that did not become events

    A candidate lasts as long as its score stays at or above the release of its class, and becomes
    an event if it has reached the threshold. What its window reaches over the sound is taken off
    both ends. With LEVELS, the ends are then moved to the largest rise and fall of loudness nearby.
    Several events may be going on at once. An event is sent once nothing that begins later can be
    merged with it.

    Timestamps: of the step at which an event was known to have ended; after the last step at the
    end. Onsets and offsets are in the payload.

    Example:
        ```
        node {
          calculator: "SoundEventsCalculator"
          input_stream: "SCORES:steady_scores"
          input_stream: "LEVELS:levels"
          output_stream: "EVENTS:events"
          output_stream: "REJECTED:rejected"
          options { [flowlace.SoundEventsCalculatorOptions.ext] { merge_gap_us: 500000 } }
        }
        ```
    """

    input_ports = (Port("SCORES", SoundScores), Port("LEVELS", float, optional=True))
    output_ports = (
        Port("EVENTS", list[SoundEvent]),
        Port("REJECTED", list[RejectedSound], optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires times that are not negative."""
        for name in ("merge_gap_us", "min_duration_us", "edge_search_us"):
            time = getattr(contract.options, name)
            if time < 0:
                raise ContractError(f"{name} has to be at least 0, but is {time}")

    def open(self) -> None:
        """Learns how long a step is."""
        options, step = self.options, step_us(self.input_headers["SCORES"], self.node_name)
        self._runs = SoundRuns(step)
        self._edges: LoudnessEdges | None = None
        if "LEVELS" in self.input_headers and options.edge_search_us:
            edges = LoudnessEdges(step, options.edge_search_us, options.min_edge_db, kept=0)
            # An onset is looked for when the event is settled, at the latest.
            edges.kept = 4 * (edges.wait_us + options.merge_gap_us) // step
            self._edges = edges
        self._pending: dict[int, _Candidate] = {}
        """By class."""
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
        if self._edges is not None and packets["LEVELS"]:
            self._edges.add(time, packets["LEVELS"].payload)
        for run in self._runs.follow(time, packet.payload):
            self._end(run)
        self._move_onsets(time + self._runs.step_us)
        self._release_pending(time + self._runs.step_us)
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
            self._settle(number, is_end=True)
        if self._edges is not None:
            self._edges.clear()

    def _end(self, run: SoundRun) -> None:
        candidate = self._candidate(run)
        if not run.is_heard:
            self._reject(candidate.event, BELOW_THRESHOLD)
            return
        before = self._pending.get(run.number)
        if before is None:
            self._pending[run.number] = candidate
            return
        if candidate.event.onset_us - before.event.offset_us > self.options.merge_gap_us:
            self._settle(run.number)
            self._pending[run.number] = candidate
            return
        before.event = replace(
            before.event,
            offset_us=candidate.event.offset_us,
            score=max(before.event.score, candidate.event.score),
        )
        before.is_cut_after = candidate.is_cut_after

    def _candidate(self, run: SoundRun) -> _Candidate:
        assert self._runs.classes is not None
        onset, offset = self._runs.span_us(run)
        event = SoundEvent(
            onset_us=onset if run.onset_us is None else run.onset_us,
            offset_us=offset,
            label=self._runs.classes.labels[run.number],
            score=run.peak,
        )
        return _Candidate(event, run.onset_us is not None, run.is_cut_before, run.is_cut_after)

    def _move_onsets(self, now_us: int) -> None:
        """Places the onsets of runs that last, while the levels around them are kept."""
        if self._edges is None:
            return
        for run in self._runs.open_runs.values():
            if run.onset_us is None and not run.is_cut_before:
                onset, offset = self._runs.span_us(run)
                if min(now_us, offset) - onset >= self._edges.wait_us:
                    run.onset_us = self._edges.onset_near(onset)

    def _release_pending(self, now_us: int) -> None:
        """Settles events that nothing can be merged with any more."""
        wait_us = 0 if self._edges is None else self._edges.wait_us
        for number, candidate in list(self._pending.items()):
            run = self._runs.open_runs.get(number)
            begin_us = now_us if run is None else run.begin_us
            following = SoundRun(number, begin_us, is_cut_before=False, end_us=1 << 62)
            pause_us = self._runs.span_us(following)[0] - candidate.event.offset_us
            is_known = now_us - candidate.event.offset_us >= wait_us
            if pause_us > self.options.merge_gap_us and is_known:
                self._settle(number)

    def _settle(self, number: int, *, is_end: bool = False) -> None:
        event = self._moved(self._pending.pop(number), is_end=is_end)
        if event.offset_us - event.onset_us < self.options.min_duration_us:
            self._reject(event, TOO_SHORT)
        else:
            self._ended.append(event)

    def _moved(self, candidate: _Candidate, *, is_end: bool) -> SoundEvent:
        """Returns the event with its ends where loudness changes."""
        event, edges = candidate.event, self._edges
        if edges is None:
            return event
        onset, offset = event.onset_us, event.offset_us
        if not candidate.has_onset and not candidate.is_cut_before:
            onset = edges.onset_near(onset)
        if not candidate.is_cut_after:
            offset = edges.offset_near(offset, is_end=is_end)
        if offset <= onset:
            return event
        return replace(event, onset_us=onset, offset_us=offset)

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
