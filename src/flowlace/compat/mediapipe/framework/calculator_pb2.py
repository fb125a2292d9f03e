"""Message classes of graphs and of every calculator's options, by MediaPipe's names.

`calculator_pb2.CalculatorGraphConfig` is here as in MediaPipe. Options, which MediaPipe spreads
over one module a calculator, are all here: `calculator_pb2.FlowLimiterCalculatorOptions`, with the
`ext` that sets them on a node. The classes live in flowlace's private pool.
"""

from typing import Any

from flowlace.framework.schema import current_schema


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return current_schema().message_class(f"mediapipe.{name}")
    except KeyError:
        raise AttributeError(f"there is no message mediapipe.{name}") from None
