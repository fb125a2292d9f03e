"""A graph with everything it needs in one zip file, for phones and for other machines."""

from flowlace.bundle.errors import BundleError
from flowlace.bundle.open_bundle import opened_bundle
from flowlace.bundle.write_bundle import is_bundle, write_bundle

__all__ = ["BundleError", "is_bundle", "opened_bundle", "write_bundle"]
