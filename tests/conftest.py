"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says nothing about the code on a machine that is shared.
settings.register_profile("flowlace", deadline=None)
settings.load_profile("flowlace")
