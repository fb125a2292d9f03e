"""Conversion, eight bits and the card inside the file, on a network of two layers."""

import collections

import flatbuffers
import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from flowlace_trainers import tflite
from flowlace_trainers.errors import TrainerError
from numpy.typing import NDArray
from torch import Tensor, nn

SHAPE = (8, 12, 3)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = torch.relu(self.conv(x)).permute(0, 2, 3, 1).flatten(1, 2)
        return y, torch.exp(y[..., :2] * 0.1)


@pytest.fixture(scope="module")
def net() -> Net:
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture(scope="module")
def content(net: Net) -> bytes:
    return tflite.converted(net, SHAPE)


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(1, *SHAPE)).astype(np.float32) for _ in range(16)]


def torch_outputs(net: nn.Module, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    with torch.no_grad():
        return [one.numpy() for one in net(torch.from_numpy(picture).permute(0, 3, 1, 2))]


def test_a_converted_model_agrees_with_torch(
    net: Net, content: bytes, pictures: list[NDArray[np.float32]]
) -> None:
    agreement = tflite.check_agreement(
        lambda x: torch_outputs(net, x), tflite.runner(content), pictures, least_db=90, what="net"
    )
    assert agreement > 90


def test_a_model_that_says_something_else_is_refused(
    net: Net, content: bytes, pictures: list[NDArray[np.float32]]
) -> None:
    right = tflite.runner(content)
    with pytest.raises(TrainerError, match=r"net: .* agree to 20\.\d dB only, expected 90 dB"):
        tflite.check_agreement(
            lambda x: torch_outputs(net, x),
            lambda x: [right(x)[0] * np.float32(0.9), right(x)[1]],
            pictures,
            least_db=90,
            what="net",
        )


def test_no_numbers_never_agree(
    net: Net, content: bytes, pictures: list[NDArray[np.float32]]
) -> None:
    right = tflite.runner(content)
    with pytest.raises(TrainerError, match="agree to -inf dB"):
        tflite.check_agreement(
            lambda x: torch_outputs(net, x),
            lambda x: [right(x)[0], right(x)[1] * np.float32("nan")],
            pictures,
            least_db=-100,
            what="net",
        )


def test_eight_bits_inside_and_floats_outside(
    net: Net, content: bytes, pictures: list[NDArray[np.float32]]
) -> None:
    small = tflite.quantized(content, pictures)
    interpreter = Interpreter(model_content=small)
    ends = [*interpreter.get_input_details(), *interpreter.get_output_details()]
    assert {one["dtype"] for one in ends} == {np.float32}
    kinds = collections.Counter(one["dtype"] for one in interpreter.get_tensor_details())
    assert kinds[np.int8] >= 3
    agreement = tflite.check_agreement(
        lambda x: torch_outputs(net, x), tflite.runner(small), pictures, least_db=20, what="net"
    )
    assert agreement < 80


def test_units_that_died_do_not_break_the_model(pictures: list[NDArray[np.float32]]) -> None:
    torch.manual_seed(0)
    dead = Net().eval()
    deeper = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 1), nn.ReLU(), dead)
    nn.init.constant_(deeper[0].weight, 0.0)
    nn.init.constant_(deeper[0].bias, -1.0)
    small = tflite.quantized(tflite.converted(deeper.eval(), SHAPE), pictures)
    outputs = tflite.runner(small)(pictures[0])
    for wanted, given in zip(torch_outputs(deeper, pictures[0]), outputs, strict=True):
        np.testing.assert_allclose(given, wanted, atol=0.02)


def test_an_output_that_became_int8_is_refused(
    content: bytes, pictures: list[NDArray[np.float32]]
) -> None:
    with pytest.raises(TrainerError, match="became int8 in quantisation, expected float32"):
        tflite.quantized(content, pictures[:2], keep_float="serving_default_output.*")


def test_a_card_reads_back_and_changes_no_result(
    content: bytes, pictures: list[NDArray[np.float32]]
) -> None:
    packed = tflite.with_card(content, {"seed": 3}, ["car", "bike"])
    assert tflite.read_card(packed) == ({"seed": 3}, ["car", "bike"])
    for wanted, given in zip(
        tflite.runner(content)(pictures[0]), tflite.runner(packed)(pictures[0]), strict=True
    ):
        np.testing.assert_array_equal(wanted, given)


def test_weights_behind_the_flatbuffer_stay_with_the_model(
    pictures: list[NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    with_short_names = tflite._with_short_names
    monkeypatch.setattr(tflite, "_with_short_names", lambda content: content)
    layers = [nn.Conv2d(here, there, 3, padding=1) for here, there in ((3, 128), (128, 256))]
    wide = nn.Sequential(*layers, nn.Conv2d(256, 3, 1), Net())  # weights of over 256 KiB
    small = tflite.quantized(tflite.converted(wide.eval(), SHAPE), pictures)
    buffers = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(small, 0)).buffers
    assert any(one.offset > 1 for one in buffers)
    for packed in (tflite.with_card(small, {}, ["car"]), with_short_names(small)):
        for wanted, given in zip(
            tflite.runner(small)(pictures[0]), tflite.runner(packed)(pictures[0]), strict=True
        ):
            np.testing.assert_array_equal(wanted, given)


def test_packing_twice_gives_the_same_bytes(content: bytes) -> None:
    assert tflite.with_card(content, {}, ["a"]) == tflite.with_card(content, {}, ["a"])


def test_a_model_without_a_card_says_so(content: bytes) -> None:
    with pytest.raises(TrainerError, match="no metadata 'FLOWLACE_CARD'"):
        tflite.read_card(content)


class Deep(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.layers(x))


def test_ten_times_the_work_takes_longer() -> None:
    short, long = (tflite.cpu_ms(tflite.converted(Deep(layers), (64, 64, 3))) for layers in (1, 10))
    assert 0 < short < long


class Wide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv2d(64, 64, 1) for _ in range(4)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.layers(x))


def test_equal_arrays_of_an_eight_bit_model_are_written_once() -> None:
    model = Wide().eval()
    inputs = [np.random.default_rng(n).random((1, 4, 4, 64), np.float32) for n in range(4)]
    small = tflite.quantized(tflite.converted(model, (4, 4, 64)), inputs)
    parsed = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(small, 0))
    apart = flatbuffers.Builder(1024)
    apart.Finish(parsed.Pack(apart), b"TFL3")
    assert len(small) + 4 * 2 * 64 * 8 * 0.8 < len(apart.Output())
    assert np.array_equal(
        tflite.runner(small)(inputs[0])[0], tflite.runner(bytes(apart.Output()))(inputs[0])[0]
    )


def test_inner_tensors_have_short_names_and_ends_keep_theirs() -> None:
    inputs = [np.zeros((1, 4, 4, 64), np.float32)]
    small = tflite.quantized(tflite.converted(Wide().eval(), (4, 4, 64)), inputs)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(small, 0))
    (part,) = model.subgraphs
    ends = {*part.inputs.tolist(), *part.outputs.tolist()}
    names = {number: one.name.decode() for number, one in enumerate(part.tensors)}
    assert all(names[number].startswith("serving_default") for number in ends)
    assert all(names[number] == f"t{number}" for number in names.keys() - ends)
