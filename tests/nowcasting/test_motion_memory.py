import numpy as np

from flowlace.nowcasting.motion_memory import MotionMemory

PICTURES = [np.full((2, 2), one, np.float32) for one in range(3)]


def test_what_was_made_is_not_made_again() -> None:
    memory, made = MotionMemory(), []
    for _ in range(3):
        memory.recall("flow", PICTURES[:2], lambda: made.append(1))
        memory.forget_unused()
    assert made == [1]


def test_kinds_and_the_order_of_pictures_are_told_apart() -> None:
    memory = MotionMemory()
    assert memory.recall("flow", PICTURES[:2], lambda: "there") == "there"
    assert memory.recall("flow", PICTURES[1::-1], lambda: "back") == "back"
    assert memory.recall("grey", PICTURES[:2], lambda: "grey") == "grey"


def test_what_is_not_asked_for_again_is_forgotten() -> None:
    memory = MotionMemory()
    memory.recall("grey", PICTURES[:1], lambda: "old")
    memory.forget_unused()
    memory.forget_unused()
    assert memory.recall("grey", PICTURES[:1], lambda: "new") == "new"


def test_a_picture_with_the_same_values_is_another_one() -> None:
    memory = MotionMemory()
    memory.recall("grey", PICTURES[:1], lambda: "one")
    assert memory.recall("grey", [PICTURES[0].copy()], lambda: "other") == "other"
