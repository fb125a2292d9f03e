"""Opens radar sources by their names on the command line."""

from __future__ import annotations

import glob
from pathlib import Path
from time import time_ns

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.radar.folder import RadarFilesSource, RadarFolderOptions, is_radar_file
from flowlace.sources.radar.listed_source import ListedRadarSource
from flowlace.sources.radar.listing_options import RadarListingOptions
from flowlace.sources.radar.listing_place import ListingPlace
from flowlace.sources.radar.watched_folder import WatchedRadarFolder
from flowlace.sources.source import Source

REMOTE = ("http://", "https://", "s3://")


def open_radar(url: Url, clock: Clock) -> Source:
    """Opens what `radar:` or `mrms:` names: a file, a folder, a glob, or a list on a server."""
    if url.rest.startswith(REMOTE):
        return open_listing(url, clock)
    options = url.read_options(RadarFolderOptions)
    path = Path(url.rest)
    if options.live:
        return WatchedRadarFolder(path, clock, options, url.text, time_ns() // 1000)
    if path.is_dir():
        found = [one for one in path.iterdir() if is_radar_file(one)]
    elif glob.has_magic(url.rest):
        found = [Path(one) for one in glob.glob(url.rest, recursive=True) if Path(one).is_file()]
    elif path.is_file():
        found = [path]
    else:
        raise ValueError(f"{url.rest!r} is no file, folder or glob that exists")
    return RadarFilesSource(found, options, url.text)


def open_listing(url: Url, clock: Clock) -> Source:
    """Opens files that a server lists."""
    options = url.read_options(RadarListingOptions)
    place = ListingPlace.parsed(url.rest, options.endpoint)
    return ListedRadarSource(place, clock, options, url.text, time_ns() // 1000)
