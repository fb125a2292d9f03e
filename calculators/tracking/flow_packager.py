"""Packs flow and camera motion into what box trackers need instead of pixels."""

from dataclasses import dataclass
from pathlib import Path

from flowlace.formats.tracking_data import TrackingData
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import PRE_STREAM
from flowlace.tracking.camera_motion import CameraMotion
from flowlace.tracking.chunk_file import write_chunks
from flowlace.tracking.flow_packager import FlowPackagerOptions as PackingOptions
from flowlace.tracking.flow_packager import pack_flow
from flowlace.tracking.region_flow import FeatureFlow


@proto_options("mediapipe.FlowPackagerOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class FlowPackagerOptionsMessage:
    """Form of the packed data."""

    domain_width: int = option(1, default=256)
    """Width of the coordinate system of positions and vectors."""
    domain_height: int = option(2, default=192)
    """Height of the same."""
    binary_tracking_data_support: bool = option(6, default=True)
    """Refuse domains over 256, which the compact binary form can't hold."""
    high_fidelity_16bit_encode: bool = option(4, default=True)
    """16 bits a vector component in the compact form instead of 8."""

    use_high_profile: bool = option(3)
    high_profile_reuse_threshold: float = option(5, default=0.5)


@proto_options("mediapipe.FlowPackagerCalculatorOptions", extension=271236147)
@dataclass(frozen=True, kw_only=True, slots=True)
class FlowPackagerOptions:
    """Options of FlowPackagerCalculator."""

    flow_packager_options: FlowPackagerOptionsMessage = option(1)
    """Form of the packed data."""
    caching_chunk_size_msec: int = option(2, default=2500)
    """Length of a chunk file in CACHE_DIR."""
    cache_file_format: str = option(3, default="chunk_%04d")
    """Name of a chunk file, with its number."""


@register_calculator
class FlowPackagerCalculator(Calculator[FlowPackagerOptions]):
    """Packs flow and camera motion into TrackingData: all a box tracker needs of a frame.

    Inputs:   FLOW (FeatureFlow), CAMERA (CameraMotion), in step
    Outputs:  TRACKING (TrackingData), at the frame's timestamp
              COMPLETE (bool), one packet at PRE_STREAM when all chunk files are written
    Side packets: CACHE_DIR (str), a folder; when given, chunk files are written there at the end

    Chunk files are MediaPipe's `TrackingDataChunk`s: tracking from them, forwards and backwards,
    needs the video no more.

    Example:
        ```
        node {
          calculator: "FlowPackagerCalculator"
          input_stream: "FLOW:region_flow"
          input_stream: "CAMERA:camera_motion"
          output_stream: "TRACKING:tracking_data"
        }
        ```
    """

    input_ports = (Port("FLOW", FeatureFlow), Port("CAMERA", CameraMotion))
    output_ports = (
        Port("TRACKING", TrackingData, optional=True),
        Port("COMPLETE", bool, optional=True),
    )
    side_input_ports = (Port("CACHE_DIR", str, optional=True),)

    def open(self) -> None:
        """Reads the options."""
        # COMPLETE comes at PRE_STREAM, so only TRACKING can promise the frame's time.
        if "TRACKING" in self.outputs:
            self.outputs["TRACKING"].set_offset(0)
        message = self.options.flow_packager_options
        self._options = PackingOptions(
            domain_width=message.domain_width,
            domain_height=message.domain_height,
            binary_tracking_data_support=message.binary_tracking_data_support,
            high_fidelity_16bit_encode=message.high_fidelity_16bit_encode,
        )
        self._previous_us: int | None = None
        self._cached: list[TrackingData] = []
        self._cache_dir = self.side_packets.get("CACHE_DIR")

    def process(self, packets: PacketSet) -> None:
        """Packs one frame."""
        if not (packets["FLOW"] and packets["CAMERA"]):
            return
        data = self._packed(packets)
        self._previous_us = packets.timestamp
        if self._cache_dir is not None:
            self._cached.append(data)
        if "TRACKING" in self.outputs:
            self.outputs["TRACKING"].send(Packet(data, packets.timestamp))

    def _packed(self, packets: PacketSet) -> TrackingData:
        flow: FeatureFlow = packets["FLOW"].payload
        width, height = flow.frame_size
        if self._previous_us is None:
            return TrackingData.empty(
                timestamp_us=packets.timestamp,
                previous_timestamp_us=packets.timestamp,
                frame_aspect=width / height,
            )
        return pack_flow(
            flow,
            packets["CAMERA"].payload,
            timestamp_us=packets.timestamp,
            previous_timestamp_us=self._previous_us,
            frame_aspect=width / height,
            options=self._options,
        )

    def close(self) -> None:
        """Writes the chunk files."""
        if self._cache_dir is not None and self._cached:
            write_chunks(
                Path(self._cache_dir),
                self._cached,
                chunk_size_us=self.options.caching_chunk_size_msec * 1000,
                file_format=self.options.cache_file_format,
            )
        if "COMPLETE" in self.outputs:
            self.outputs["COMPLETE"].send(Packet(True, PRE_STREAM))
