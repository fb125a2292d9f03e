"""What listening costs: CPU of the whole graph, of the front end, and memory over ten hours.

    PYTHONPATH=src:benchmarks python benchmarks/sound_speed.py [--hours 10] [--markdown PAGE]

CPU is that of the whole process, in shares of one core, for sound that comes in steps of 50 ms as
from a microphone. The ten hours run as fast as they go: a minute of sound and silence over and
over, with the time going on. `--hours 0` leaves them out.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from memory_soak import growth, resident_mib
from numpy.typing import NDArray
from sound_accuracy import PACKAGED, milliseconds
from sound_models import RATE, YAMNET, SoundModel, yamnet

from flowlace.formats.time_series import Matrix, TimeSeriesHeader, duration_us
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.inference.find_model import packaged_models
from flowlace.sources.testsrc.sounds import SoundsOptions, SoundsSource

STEP = RATE // 20
PAGE = Path("docs/benchmarks/sound_speed.md")
SAMPLES = 40

FRONT_END = """
input_stream: "sounds"
output_stream: "windows"
node {
  calculator: "SpectrogramCalculator" input_stream: "sounds" output_stream: "spectra"
  options { [mediapipe.SpectrogramCalculatorOptions.ext] {
    frame_duration_seconds: 0.025 frame_overlap_seconds: 0.015 fft_size: 512
    pad_final_packet: false } }
}
node {
  calculator: "MelSpectrumCalculator" input_stream: "spectra" output_stream: "mel_spectra"
  options { [mediapipe.MelSpectrumCalculatorOptions.ext] {
    channel_count: 64 min_frequency_hertz: 125 max_frequency_hertz: 7500 } }
}
node {
  calculator: "StabilizedLogCalculator" input_stream: "mel_spectra" output_stream: "logs"
  options { [mediapipe.StabilizedLogCalculatorOptions.ext] { stabilizer: 0.001 } }
}
node {
  calculator: "TimeSeriesFramerCalculator" input_stream: "logs" output_stream: "windows"
  options { [mediapipe.TimeSeriesFramerCalculatorOptions.ext] {
    frame_duration_seconds: 0.96 frame_overlap_seconds: 0.91 pad_final_packet: false } }
}
"""
HEADER = Packet(TimeSeriesHeader(sample_rate=float(RATE), num_channels=1))


def scene(seconds: int) -> NDArray[np.float32]:
    """Returns made-up sounds over noise."""
    source = SoundsSource(SoundsOptions(seconds=float(seconds), seed=4))
    parts = []
    while (frame := source.read()) is not None:
        parts.append(frame.payload.values[0])
    return np.concatenate(parts)


def fed(graph: CalculatorGraph, sound: NDArray[np.float32], chunk: int) -> Iterator[int]:
    """Adds sound piece by piece and lets each be worked on; yields how many there were."""
    for place, begin in enumerate(range(0, len(sound) - chunk + 1, chunk)):
        part = Matrix(sound[None, begin : begin + chunk])
        graph.add_packet_to_input_stream("sounds", Packet(part, duration_us(begin, RATE)))
        graph.wait_until_idle()
        yield place


def cpu_share(make: Callable[[], CalculatorGraph], outputs: tuple[str, ...]) -> float:
    """Returns the CPU time of a minute of sound in shares of a core: the least of three runs."""
    sound, shares = scene(60), []
    for _ in range(3):
        graph = make()
        for name in outputs:
            graph.observe_output_stream(name, lambda _: None)
        graph.start_run(headers={"sounds": HEADER})
        pieces = fed(graph, sound, STEP)
        for _ in range(40):
            next(pieces)
        begin = time.process_time()
        count = sum(1 for _ in pieces)
        shares.append((time.process_time() - begin) / (count / 20))
        graph.close_all_input_streams()
        graph.wait_until_done()
    return min(shares)


def compared() -> list[SoundModel]:
    """Returns the packaged classifier, where there is one, and YAMNet."""
    packaged = packaged_models().get(PACKAGED)
    forms = packaged.spec.files if packaged else ()
    ours = [SoundModel(name=f"{PACKAGED} {form}", path=f"{PACKAGED}:{form}") for form in forms]
    return [*ours, *([yamnet(is_calibrated=False)] if YAMNET.exists() else [])]


def cpu_lines(models: list[SoundModel]) -> Iterator[str]:
    """Yields what whole graphs cost beside their bare models."""
    yield "| model | graph, % of a core | model alone at 20 a second, % | the rest, % |"
    yield "|---|---|---|---|"
    for model in models:
        outputs = ("events", "bars", "top_labels")
        whole = 100 * cpu_share(lambda model=model: model.graph("sound_events"), outputs)
        bare = 2 * milliseconds(model)
        yield f"| {model.name} | {whole:.2f} | {bare:.2f} | {whole - bare:.2f} |"


def window_anew(samples: NDArray[np.float32], hann: Any, weights: Any) -> Any:
    """Computes a window from its 0.975 s of sound."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160]
    magnitudes = np.abs(np.fft.rfft(frames * hann, 512))
    return np.log(magnitudes @ weights + np.float32(0.001))


def front_end_lines() -> Iterator[str]:
    """Yields what the front end costs a step, beside computing each window anew."""
    from flowlace.calculators.audio.mel_filterbank import mel_weights

    sound = scene(30)
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)).astype(np.float32)
    weights = mel_weights(257, RATE, 64, 125, 7500)
    anew = []
    for begin in range(0, len(sound) - 15_600, STEP):
        start = time.perf_counter()
        window_anew(sound[begin : begin + 15_600], hann, weights)
        anew.append(time.perf_counter() - start)
    in_graph = cpu_share(lambda: CalculatorGraph(FRONT_END), ("windows",)) / 20
    yield "| front end, each 50 ms | µs |"
    yield "|---|---|"
    yield f"| four nodes in a graph, CPU of the process | {1e6 * in_graph:.0f} |"
    # The least tenth: its product of matrices runs on all cores, and waits for those in use.
    least = statistics.quantiles(anew, n=10)[0]
    yield f"| the window computed anew with numpy, least tenth | {1e6 * least:.0f} |"


def soak_line(model: SoundModel, hours: float) -> str:
    """Returns the growth of memory over hours of sound."""
    graph = model.graph("sound_events")
    counts = {"events": 0, "bars": 0}
    graph.observe_output_stream("events", lambda p: _count(counts, "events", len(p.payload)))
    graph.observe_output_stream("bars", lambda _: _count(counts, "bars", 1))
    graph.start_run(headers={"sounds": HEADER})
    minute = np.concatenate([scene(45), np.zeros(15 * RATE, np.float32)])
    seconds = round(hours * 3600)
    memory, begin = [], time.perf_counter()
    for second in range(seconds):
        part = minute[second % 60 * RATE :][None, :RATE]
        graph.add_packet_to_input_stream("sounds", Packet(Matrix(part), 1_000_000 * second))
        if second % 10 == 9:
            graph.wait_until_idle()
        if (second + 1) % max(seconds // SAMPLES, 1) == 0:
            memory.append(resident_mib())
    graph.close_all_input_streams()
    graph.wait_until_done()
    took = time.perf_counter() - begin
    return (
        f"| {model.name} | {hours:g} | {counts['bars']} | {counts['events']} | {growth(memory)} "
        f"| {hours * 3600 / took:.0f} |"
    )


def _count(counts: dict[str, int], name: str, by: int) -> None:
    counts[name] += by


def page(hours: float) -> Iterator[str]:
    """Yields the lines of the page."""
    models = compared()
    yield "# What listening costs"
    yield ""
    yield "Made by `benchmarks/sound_speed.py`, which says what is measured how."
    yield ""
    yield "## CPU"
    yield ""
    yield from cpu_lines(models)
    yield ""
    yield from front_end_lines()
    if hours:
        yield ""
        yield "## Memory"
        yield ""
        yield "MiB of the process: mean of the first and of the last tenth of the run."
        yield ""
        yield "| model | hours | bars | events | first | last | growth | times real time |"
        yield "|---|---|---|---|---|---|---|---|"
        yield soak_line(next((one for one in models if "int8" in one.name), models[0]), hours)


def main() -> None:
    """Prints the page, and writes it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--markdown", type=Path, default=None, help=f"page to write, e.g. {PAGE}")
    arguments = parser.parse_args()
    lines = []
    for line in page(arguments.hours):
        print(line, flush=True)
        lines.append(line)
    if arguments.markdown is not None:
        arguments.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
