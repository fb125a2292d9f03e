from flowlace_trainers.video.part_costs import cost_table, part_costs

from tests.trainers.video.toys import IMAGE, STEPPED, STEPS


def test_a_clip_costs_all_its_steps_and_one_head() -> None:
    whole, step, head = (one.multiply_adds for one in part_costs(STEPPED))
    assert whole == STEPS * step + head


def test_the_parts_have_all_the_weights() -> None:
    whole, step, head = (one.parameters for one in part_costs(STEPPED))
    assert whole == step + head


def test_a_network_of_pictures_has_no_parts() -> None:
    head, rows = cost_table(part_costs(IMAGE))
    assert head == ["part", "GMAC", "parameters"]
    assert [row[0] for row in rows] == ["a clip or picture"]
