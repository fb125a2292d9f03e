"""How the nodes around an image classifier are set: from its spec, or from what its file says."""

from dataclasses import replace
from typing import Final

from flowlace.inference.detector_spec import image_input
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_described
from flowlace.inference.model_spec import ModelSpec
from flowlace.inference.public_models import public_model_of
from flowlace.inference.tflite_file import TfliteFile

TASK: Final = "image_classification"


def image_classifier_spec(file: TfliteFile) -> ModelSpec:
    """Returns the spec of an image classifier: its own, or one made of its shapes and metadata.

    Without labels in spec or file, classes go by their numbers.

    Raises:
        ModelError: the file is no image classifier, or says too little to be used as one.
    """
    spec = _spec(file)
    if spec.task != TASK:
        raise ModelError(
            f"model {spec.name!r} is for {spec.task}; image classification needs an image "
            f"classifier"
        )
    outputs = file.main.outputs
    shape = outputs[0].shape if len(outputs) == 1 else ()
    if not shape or shape[-1] < 2 or any(size != 1 for size in shape[:-1]):
        listed = "; ".join(map(str, outputs)) or "none"
        raise ModelError(
            f"model {file.path.name!r} is no image classifier: one output [1, classes] is needed, "
            f"found {listed}"
        )
    if spec.labels and len(spec.labels) != shape[-1]:
        raise ModelError(
            f"model {file.path.name!r} gives {shape[-1]} scores, but {len(spec.labels)} labels are "
            f"known; pack a label file into the model, or write a spec"
        )
    if not spec.options("ImageToTensorCalculator"):
        spec = replace(spec, nodes={**spec.nodes, "ImageToTensorCalculator": image_input(file)})
    return spec


def _spec(file: TfliteFile) -> ModelSpec:
    packaged = find_described(file.path)
    if packaged is not None:
        return packaged.spec
    known = public_model_of(file.sha256)
    return ModelSpec(
        name=known.name if known else file.path.stem,
        task=known.task if known else TASK,
        licence=known.licence if known else "",
        labels=file.labels or (known.labels if known else ()),
        nodes=known.nodes if known else {},
    )
