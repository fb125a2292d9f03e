"""Bad streams on demand: what a network, a camera or a disk does to packets, by seed and rate."""

from flowlace.recording.faults.fault import Fault as Fault
from flowlace.recording.faults.parse import parse_fault as parse_fault
from flowlace.recording.faults.with_faults import with_faults as with_faults

__all__ = ["Fault", "parse_fault", "with_faults"]
