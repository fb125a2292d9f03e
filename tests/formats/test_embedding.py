import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.formats.embedding import Embedding, cosine_similarity


def floats(*values: float) -> Embedding:
    return Embedding(np.array(values, np.float32))


def small(*values: int) -> Embedding:
    return Embedding(np.array(values, np.int8))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (floats(1, 0), floats(5, 0), 1),
        (floats(1, 0), floats(0, 2), 0),
        (floats(1, 0), floats(-3, 0), -1),
        (floats(1, 1), floats(1, 0), 0.5**0.5),
        (small(127, 0), small(127, 0), 1),
        (small(-128, 0), small(127, 0), -1),
        (small(127, 127), small(127, 0), 0.5**0.5),
    ],
)
def test_vectors_are_as_alike_as_their_directions(
    first: Embedding, second: Embedding, wanted: float
) -> None:
    assert cosine_similarity(first, second) == pytest.approx(wanted)


VECTOR = st.lists(st.floats(0.125, 100, width=32), min_size=3, max_size=3)


@given(first=VECTOR, second=VECTOR, scale=st.floats(0.1, 10))
def test_length_and_order_change_nothing(
    first: list[float], second: list[float], scale: float
) -> None:
    a, b = floats(*first), floats(*second)
    likeness = cosine_similarity(a, b)
    assert cosine_similarity(b, a) == likeness
    assert cosine_similarity(floats(*(scale * v for v in first)), b) == pytest.approx(likeness)
    assert cosine_similarity(a, a) == pytest.approx(1)


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (floats(1), floats(1, 2), "of 1 and 2 values"),
        (floats(1), small(1), "quantised"),
        (floats(0, 0), floats(1, 0), "nothing but zeros"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    first: Embedding, second: Embedding, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        cosine_similarity(first, second)


def test_values_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        floats(1, 2).values[0] = 3


def test_embeddings_are_equal_by_content() -> None:
    assert floats(1, 2) == floats(1, 2)
    assert floats(1, 2) != floats(1, 3)
    assert floats(1) != small(1)
    assert Embedding(np.zeros(1, np.int8), 1) != Embedding(np.zeros(1, np.int8), 2)
    assert floats(1) != 1


@pytest.mark.parametrize("values", [np.zeros((1, 2), np.float32), np.zeros(2)])
def test_other_values_are_refused(values: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="needs float32 or int8 values"):
        Embedding(values)
