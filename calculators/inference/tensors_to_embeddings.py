"""Makes embeddings of a model's outputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flowlace.calculators.inference.model_outputs import Floats, require_some_finite
from flowlace.formats.embedding import Embedding, EmbeddingResult
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError


@proto_options("mediapipe.tasks.components.processors.proto.EmbedderOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class EmbedderOptions:
    """What is done to each vector."""

    l2_normalize: bool = option(1)
    """Make its length 1, unless the model does."""
    quantize: bool = option(2)
    """Make its values int8, 128 steps for 1; they have to lie between -1 and 1."""


@proto_options("mediapipe.TensorsToEmbeddingsCalculatorOptions", extension=474762326)
@dataclass(frozen=True, kw_only=True, slots=True)
class TensorsToEmbeddingsOptions:
    """Options of `TensorsToEmbeddingsCalculator`."""

    embedder_options: EmbedderOptions = option(1)
    """What is done to each vector."""
    head_names: tuple[str, ...] = option(2)
    """Names of the model's outputs, in their order."""
    ignored_head_names: tuple[str, ...] = option(3)
    """Outputs left out, by these names."""


@register_calculator
class TensorsToEmbeddingsCalculator(Calculator[TensorsToEmbeddingsOptions]):
    """Makes an embedding of each of a model's outputs.

    Inputs:   TENSORS (list of Tensor)
    Outputs:  EMBEDDINGS (EmbeddingResult), in step

    Quantised outputs are understood. Compare embeddings with
    `flowlace.formats.embedding.cosine_similarity`.

    Counts `non_finite_embeddings`, which are left out; an output of nothing but NaN is an error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "TensorsToEmbeddingsCalculator"
          input_stream: "TENSORS:embedder_outputs"
          output_stream: "EMBEDDINGS:embeddings"
          options { [mediapipe.TensorsToEmbeddingsCalculatorOptions.ext] {
            embedder_options { l2_normalize: true }
          } }
        }
        ```
    """

    input_ports = (Port("TENSORS", list[Tensor]),)
    output_ports = (Port("EMBEDDINGS", EmbeddingResult),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Reads the outputs of one run of the model."""
        packet = packets["TENSORS"]
        if packet:
            result = EmbeddingResult(tuple(self._embeddings(packet.payload)))
            self.outputs["EMBEDDINGS"].send(Packet(result, packets.timestamp))

    def _embeddings(self, tensors: Sequence[Tensor]) -> Iterator[Embedding]:
        names = self.options.head_names or ("",) * len(tensors)
        if len(names) != len(tensors):
            raise ModelError(
                f"head_names has {len(names)} names, but the model gives {len(tensors)} tensors"
            )
        ignored = self.options.ignored_head_names if self.options.head_names else ()
        for index, (tensor, name) in enumerate(zip(tensors, names, strict=True)):
            if name in ignored:
                continue
            values = tensor.floats.reshape(-1)
            require_some_finite(values, index, name or "embedding", tensor)
            if np.isfinite(values).all():
                yield self._embedding(values, index, name)
            else:
                self.count("non_finite_embeddings")

    def _embedding(self, values: Floats, index: int, name: str) -> Embedding:
        if self.options.embedder_options.l2_normalize:
            length = np.linalg.norm(values)
            values = values / length if length > 0 else values
        if not self.options.embedder_options.quantize:
            return Embedding(values, index, name)
        # Halves go away from 0, as in C++; numpy would round them to even.
        steps = np.trunc(values * 128 + np.copysign(np.float32(0.5), values))
        return Embedding(np.clip(steps, -128, 127).astype(np.int8), index, name)
