import re

from flowlace_trainers import provenance


def test_the_commit_is_a_number_or_says_why_not() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}\+?|unknown \(not a git checkout\)", provenance.commit())


def test_versions_of_what_matters_are_known() -> None:
    assert {"torch", "litert-torch", "ai-edge-quantizer"} <= provenance.versions().keys()


def test_the_processor_has_a_name() -> None:
    assert provenance.processor()
