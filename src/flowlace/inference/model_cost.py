"""What a model costs by counting: multiply-adds of each kind of operator, from its shapes."""

from collections import Counter
from collections.abc import Mapping

from flowlace.inference.tflite_file import TfliteFile
from flowlace.inference.tflite_graph import GraphOperator


def multiply_adds(file: TfliteFile) -> Mapping[str, int]:
    """Returns the multiply-adds of one run by kind of operator, the largest first.

    Convolutions, matrix products and what they are made of are counted; operators that only move
    or compare values are not. Open sizes, such as the batch, count as 1.
    """
    counted: Counter[str] = Counter()
    for operator in file.steps:
        cost = _cost(operator)
        if cost:
            counted[operator.kind.name] += cost
    return dict(counted.most_common())


def _cost(operator: GraphOperator) -> int:
    if len(operator.inputs) < 2 or not operator.outputs:
        return 0
    weights, made = operator.inputs[1].shape, operator.outputs[0].size
    match operator.kind.name, len(weights):
        case "CONV_2D", 4:  # weights [out, y, x, in]
            return made * weights[1] * weights[2] * weights[3]
        case "DEPTHWISE_CONV_2D", 4:  # weights [1, y, x, out]
            return made * weights[1] * weights[2]
        case "TRANSPOSE_CONV", 4 if len(operator.inputs) > 2:  # shape, weights, input
            return operator.inputs[2].size * weights[0] * weights[1] * weights[2]
        case "CONV_3D", 5:  # weights [z, y, x, in, out]
            return made * weights[0] * weights[1] * weights[2] * weights[3]
        case "FULLY_CONNECTED", 2:  # weights [out, in]
            return made * weights[1]
        case "BATCH_MATMUL", _ if operator.inputs[0].shape:
            return made * _inner(operator.inputs[0].shape, operator.outputs[0].shape)
    return 0


def _inner(left: tuple[int, ...], made: tuple[int, ...]) -> int:
    # The left factor may be stored transposed: its side that the result does not have is summed.
    sides = left[-2:]
    if len(sides) < 2 or len(made) < 2:
        return max(left[-1], 1)
    return max(sides[1] if sides[0] == made[-2] else sides[0], 1)
