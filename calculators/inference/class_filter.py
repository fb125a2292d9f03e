"""Which classes of a model are wanted: all, all but some, or only some."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.framework.contract import ContractError


@dataclass(frozen=True, slots=True)
class ClassFilter:
    """Knows which class ids may be reported."""

    listed: frozenset[int]
    is_allow_list: bool

    @property
    def takes_all(self) -> bool:
        """Whether every class may be reported."""
        return not self.listed

    def allows(self, ids: NDArray[Any]) -> NDArray[np.bool_]:
        """Returns for each id whether it may be reported."""
        found = np.isin(ids, list(self.listed))
        return found if self.is_allow_list else ~found

    def indices(self, classes: int) -> NDArray[np.intp] | None:
        """Returns the ids below `classes` that may be reported; None where all may."""
        if self.takes_all:
            return None
        return np.flatnonzero(self.allows(np.arange(classes)))


def class_filter(allow: Iterable[int], ignore: Iterable[int]) -> ClassFilter:
    """Returns the filter two option lists describe.

    Raises:
        ContractError: both lists are given.
    """
    allowed, ignored = frozenset(allow), frozenset(ignore)
    if allowed and ignored:
        raise ContractError("allow_classes and ignore_classes exclude each other; keep one")
    return ClassFilter(allowed or ignored, bool(allowed))
