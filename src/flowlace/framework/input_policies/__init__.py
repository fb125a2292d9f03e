"""Rules that say when a node is ready and with which packets."""

from flowlace.framework.input_policies.barrier import BarrierInputPolicy
from flowlace.framework.input_policies.default import DefaultInputPolicy
from flowlace.framework.input_policies.early_close import EarlyCloseInputPolicy
from flowlace.framework.input_policies.fixed_size import FixedSizeInputPolicy
from flowlace.framework.input_policies.immediate import ImmediateInputPolicy
from flowlace.framework.input_policies.mux import MuxInputPolicy
from flowlace.framework.input_policies.policy import (
    InputPolicy,
    Readiness,
    find_input_policy,
    known_input_policies,
    register_input_policy,
)
from flowlace.framework.input_policies.sync_sets import SyncSetInputPolicy
from flowlace.framework.input_policies.timestamp_align import TimestampAlignInputPolicy

__all__ = [
    "BarrierInputPolicy",
    "DefaultInputPolicy",
    "EarlyCloseInputPolicy",
    "FixedSizeInputPolicy",
    "ImmediateInputPolicy",
    "InputPolicy",
    "MuxInputPolicy",
    "Readiness",
    "SyncSetInputPolicy",
    "TimestampAlignInputPolicy",
    "find_input_policy",
    "known_input_policies",
    "register_input_policy",
]
