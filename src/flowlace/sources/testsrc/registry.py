"""`testsrc:NAME?options`: the built-in sources by name."""

from typing import cast

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Openers, Url
from flowlace.sources.source import Source

_openers = Openers(
    "flowlace.test_sources",
    {
        "street": "flowlace.sources.testsrc.street:open_street",
        "motions": "flowlace.sources.testsrc.motions:open_motions",
        "sounds": "flowlace.sources.testsrc.sounds:open_sounds",
        "storm": "flowlace.sources.testsrc.storm:open_storm",
    },
)
opens_test_source = _openers.opens


def open_test_source(url: Url, clock: Clock) -> Source:
    """Opens a built-in source named on the command line."""
    known = _openers.known()
    if url.rest not in known:
        raise ValueError(f"test source {url.rest!r} is not known; known are: {', '.join(known)}")
    return cast(Source, _openers.opener(url.rest)(url, clock))
