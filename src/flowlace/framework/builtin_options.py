"""Options of the input policies and executors MediaPipe has, with its field numbers."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from flowlace.framework.options import MEDIAPIPE_OPTIONS, option, proto_options


@proto_options(
    "mediapipe.DefaultInputStreamHandlerOptions", extension=164312821, extends=MEDIAPIPE_OPTIONS
)
@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultInputPolicyOptions:
    """Options of `DefaultInputStreamHandler`."""

    batch_size: int = option(1, default=1)
    """Input sets collected before `process` runs for each of them."""


@proto_options(
    "mediapipe.FixedSizeInputStreamHandlerOptions", extension=125744319, extends=MEDIAPIPE_OPTIONS
)
@dataclass(frozen=True, kw_only=True, slots=True)
class FixedSizeInputPolicyOptions:
    """Options of `FixedSizeInputStreamHandler`."""

    trigger_queue_size: int = option(1, default=2)
    """Queue length at which queues are cut."""

    target_queue_size: int = option(2, default=1)
    """Queue length they are cut to."""

    fixed_min_size: bool = option(3, default=False)
    """Whether to wait until all queues have reached the trigger."""


@proto_options("mediapipe.SyncSetInputStreamHandlerOptions.SyncSet", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class SyncSet:
    """Inputs that are given to the calculator together."""

    tag_index: tuple[str, ...] = option(1)
    """Ports as `TAG`, `TAG:1` or `:0`."""


@proto_options(
    "mediapipe.SyncSetInputStreamHandlerOptions", extension=155816273, extends=MEDIAPIPE_OPTIONS
)
@dataclass(frozen=True, kw_only=True, slots=True)
class SyncSetInputPolicyOptions:
    """Options of `SyncSetInputStreamHandler`."""

    sync_set: tuple[SyncSet, ...] = option(1)
    """Inputs in no set make one more set."""


@proto_options(
    "mediapipe.TimestampAlignInputStreamHandlerOptions",
    extension=190104979,
    extends=MEDIAPIPE_OPTIONS,
)
@dataclass(frozen=True, kw_only=True, slots=True)
class TimestampAlignInputPolicyOptions:
    """Options of `TimestampAlignInputStreamHandler`."""

    timestamp_base_tag_index: str = option(1)
    """The input whose timestamps the others are moved to."""


class ProcessorPerformance(IntEnum):
    """Which processor cores a thread pool would like."""

    NORMAL = 0
    LOW = 1
    HIGH = 2


@proto_options(
    "mediapipe.ThreadPoolExecutorOptions", extension=157116819, extends=MEDIAPIPE_OPTIONS
)
@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadPoolExecutorOptions:
    """Options of `ThreadPoolExecutor`."""

    num_threads: int | None = option(1)
    """Threads of the pool; absent, 0 or -1 leaves the choice to the engine."""

    stack_size: int | None = option(2)
    """Bytes of stack a thread; read, not used."""

    nice_priority_level: int | None = option(3)
    """Read, not used."""

    require_processor_performance: ProcessorPerformance | None = option(4)
    """Read, not used."""

    thread_name_prefix: str | None = option(5)
    """How the threads are called."""


INPUT_POLICIES: Final[dict[str, Any]] = {
    "DefaultInputStreamHandler": DefaultInputPolicyOptions,
    "ImmediateInputStreamHandler": None,
    "SyncSetInputStreamHandler": SyncSetInputPolicyOptions,
    "FixedSizeInputStreamHandler": FixedSizeInputPolicyOptions,
    "MuxInputStreamHandler": None,
    "BarrierInputStreamHandler": None,
    "EarlyCloseInputStreamHandler": None,
    "TimestampAlignInputStreamHandler": TimestampAlignInputPolicyOptions,
}
"""The input policies a graph may name, with their options class."""

OUTPUT_HANDLERS: Final = ("InOrderOutputStreamHandler",)

EXECUTOR_TYPES: Final = ("ThreadPoolExecutor", "ApplicationThreadExecutor")
