from pathlib import Path

import numpy as np
import pytest

from flowlace.calculators.tracking.flow_packager import (
    FlowPackagerCalculator,
    FlowPackagerOptions,
    FlowPackagerOptionsMessage,
)
from flowlace.calculators.tracking.motion_analysis import MotionAnalysisCalculator
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import PRE_STREAM
from flowlace.testing import CalculatorRun, at, run_calculator
from flowlace.tracking.chunk_file import read_chunks
from tests.calculators.tracking.moving_card import PERIOD_US, frame

FRAMES = [at(index * PERIOD_US, frame(index)) for index in range(5)]
ANALYSED = run_calculator(MotionAnalysisCalculator, VIDEO=FRAMES, outputs=["FLOW", "CAMERA"])


def packed(options: FlowPackagerOptions | None = None, **more: object) -> CalculatorRun:
    return run_calculator(
        FlowPackagerCalculator,
        options,
        FLOW=ANALYSED.packets("FLOW"),
        CAMERA=ANALYSED.packets("CAMERA"),
        **more,  # type: ignore[arg-type]
    )


def test_every_frame_is_packed_with_its_own_and_the_former_time() -> None:
    data = packed(outputs=["TRACKING"]).payloads("TRACKING")
    assert [each.timestamp_us for each in data] == [packet.timestamp for packet in FRAMES]
    assert [each.previous_timestamp_us for each in data] == [0, 0, 40_000, 80_000, 120_000]
    assert len(data[0].track_ids) == 0
    assert len(data[1].track_ids) > 50


def test_the_domain_is_taken_from_the_options() -> None:
    options = FlowPackagerOptions(
        flow_packager_options=FlowPackagerOptionsMessage(
            domain_width=512, domain_height=384, binary_tracking_data_support=False
        )
    )
    data = packed(options, outputs=["TRACKING"]).payloads("TRACKING")[1]
    assert (data.domain_width, data.domain_height) == (512, 384)
    assert data.positions[:, 0].max() > 256


def test_chunk_files_are_written_to_the_cache_folder(tmp_path: Path) -> None:
    run = packed(
        FlowPackagerOptions(caching_chunk_size_msec=100),
        side_packets={"CACHE_DIR": str(tmp_path)},
    )
    assert run.packets("COMPLETE") == [Packet(True, PRE_STREAM)]
    assert len(list(tmp_path.iterdir())) == 2
    read = list(read_chunks(tmp_path))
    written = run.payloads("TRACKING")
    assert [each.timestamp_us for each in read] == [each.timestamp_us for each in written]
    assert np.array_equal(np.sort(read[2].track_ids), np.sort(written[2].track_ids))


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(Exception, match="no/such/folder"):
        packed(side_packets={"CACHE_DIR": "no/such/folder"})
