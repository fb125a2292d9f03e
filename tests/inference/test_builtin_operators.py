"""Names of operators and types: those of the runtime that is installed."""

import pytest

from flowlace.inference.builtin_operators import (
    OPERATORS,
    TENSOR_TYPES,
    operator_name,
    tensor_type_name,
)

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")


def names_of(enumeration: object) -> list[str]:
    known = {code: name for name, code in vars(enumeration).items() if isinstance(code, int)}
    return [known[code] for code in sorted(known)]


def test_operators_are_those_of_the_runtime() -> None:
    known = names_of(schema.BuiltinOperator)
    assert list(OPERATORS[: len(known)]) == known


def test_tensor_types_are_those_of_the_runtime() -> None:
    known = names_of(schema.TensorType)
    assert list(TENSOR_TYPES[: len(known)]) == known


@pytest.mark.parametrize("code", [-1, 30_000])
def test_what_came_after_the_list_is_named_by_its_number(code: int) -> None:
    assert operator_name(code) == f"OPERATOR_{code}"
    assert tensor_type_name(code) == f"TYPE_{code}"
