"""Options of InferenceCalculator: MediaPipe's messages, and what is added to them.

Source of names and numbers: MediaPipe `calculators/tensor/inference_calculator.proto`. Fields
from number 100 on are additions.
"""

from dataclasses import dataclass
from enum import IntEnum

from flowlace.framework.options import option, proto_options


class GpuApi(IntEnum):
    """Which interface of a phone's GPU is used; LiteRT on a computer uses its own."""

    ANY = 0
    OPENGL = 1
    OPENCL = 2


class CacheWritingBehavior(IntEnum):
    """What is written to a phone's GPU cache."""

    NO_WRITE = 0
    TRY_WRITE = 1
    WRITE_OR_ERROR = 2


class InferenceUsage(IntEnum):
    """What a phone's GPU is to be optimised for."""

    UNSPECIFIED = 0
    FAST_SINGLE_ANSWER = 1
    SUSTAINED_SPEED = 2


_OPTIONS = "mediapipe.InferenceCalculatorOptions"


@proto_options(f"{_OPTIONS}.Delegate.TfLite", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TfLiteDelegate:
    """The runtime's reference kernels on the CPU."""


@proto_options(f"{_OPTIONS}.Delegate.Gpu", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class GpuDelegate:
    """LiteRT's GPU accelerator; used where it is right and faster than the CPU.

    Only `allow_precision_loss` has an effect here; the others are for phones.
    """

    use_advanced_gpu_api: bool = option(1)
    api: GpuApi = option(4)
    allow_precision_loss: bool = option(3, default=True)
    """16-bit floats; otherwise 32-bit."""
    cached_kernel_path: str = option(2)
    serialized_model_dir: str = option(7)
    cache_writing_behavior: CacheWritingBehavior = option(
        10, default=CacheWritingBehavior.WRITE_OR_ERROR
    )
    model_token: str = option(8)
    usage: InferenceUsage = option(5, default=InferenceUsage.SUSTAINED_SPEED)


@proto_options(f"{_OPTIONS}.Delegate.Nnapi", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class NnapiDelegate:
    """Android's NPU interface: here LiteRT's NPU accelerator."""

    cache_dir: str = option(1)
    model_token: str = option(2)
    accelerator_name: str = option(3)


@proto_options(f"{_OPTIONS}.Delegate.Xnnpack", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class XnnpackDelegate:
    """Fast kernels on the CPU."""

    num_threads: int = option(1, default=-1)
    """Threads of one call; -1 is one thread."""
    enable_zero_copy_tensor_io: bool = option(7)
    """Read, not used: inputs are written in place and large outputs are lent anyway."""
    weight_cache_path: str = option(100)
    """File for packed weights: the next start is faster. The model then keeps Python's lock
    while it runs."""


@proto_options(f"{_OPTIONS}.Delegate.Npu", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class NpuDelegate:
    """LiteRT's NPU accelerator; used where it is right and faster than the CPU."""


@proto_options(f"{_OPTIONS}.Delegate", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class DelegateMessage:
    """Who computes."""

    tflite: TfLiteDelegate | None = option(1, oneof="delegate")
    gpu: GpuDelegate | None = option(2, oneof="delegate")
    nnapi: NnapiDelegate | None = option(3, oneof="delegate")
    xnnpack: XnnpackDelegate | None = option(4, oneof="delegate")
    npu: NpuDelegate | None = option(100, oneof="delegate")


_CONFIG = f"{_OPTIONS}.InputOutputConfig"


@proto_options(f"{_CONFIG}.TensorIndicesMap", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorIndicesMap:
    """Entry n says which tensor of the model is the calculator's n-th."""

    model_tensor_indices: tuple[int, ...] = option(1, packed=True)


@proto_options(f"{_CONFIG}.TensorNamesMap", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorNamesMap:
    """Entry n names the tensor of the model that is the calculator's n-th."""

    tensor_names: tuple[str, ...] = option(1)


@proto_options(f"{_CONFIG}.FeedbackTensorLink", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class FeedbackTensorLink:
    """An output that is the next call's input: state that lasts from packet to packet."""

    from_output_tensor_name: str = option(1)
    to_input_tensor_name: str = option(2)


@proto_options(_CONFIG, extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class InputOutputConfig:
    """Which tensors of the model the calculator takes and gives, and which it feeds back."""

    input_tensor_indices_map: TensorIndicesMap | None = option(1, oneof="InputTensorMap")
    output_tensor_indices_map: TensorIndicesMap | None = option(2, oneof="OutputTensorMap")
    input_tensor_names_map: TensorNamesMap | None = option(3, oneof="InputTensorMap")
    output_tensor_names_map: TensorNamesMap | None = option(4, oneof="OutputTensorMap")
    feedback_tensor_links: tuple[FeedbackTensorLink, ...] = option(5)


@proto_options(_OPTIONS, extension=336783863)
@dataclass(frozen=True, kw_only=True, slots=True)
class InferenceOptions:
    """Options of InferenceCalculator."""

    model_path: str = option(1)
    """A file, or the name of a model `flowlace models` lists."""
    try_mmap_model: bool = option(7)
    """Read, not used: the file is read once and shared."""
    use_gpu: bool = option(2)
    """As `delegate { gpu {} }`."""
    use_nnapi: bool = option(3)
    """As `delegate { nnapi {} }`."""
    cpu_num_thread: int = option(4, default=-1)
    """Threads of one call on the CPU; -1 is one thread."""
    delegate: DelegateMessage | None = option(5)
    """Who computes; `xnnpack` if unset."""
    input_output_config: InputOutputConfig | None = option(8)
    """Order of tensors, and state."""
    signature: str = option(100)
    """Which signature of the model is called; its main one if empty."""
    share_model: bool = option(101)
    """One loaded model for all nodes of the process that share it: weights are in memory once, and
    the nodes take turns. Not for models that keep state inside."""
