"""Options of the graph `object_tracking`, declared in it and read by its nodes."""

from dataclasses import dataclass

from flowlace.framework.options import option, proto_options


@proto_options("flowlace.ObjectTrackingOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectTrackingOptions:
    """How often objects are looked for, and when what was found is due."""

    detection_period_us: int = option(1, "int64", default=333_333)
    """Microseconds between two frames that are given to the detector, at least."""
    detection_delay_us: int = option(2, "int64")
    """Stream time after which detections join; 0: with their own frame."""
