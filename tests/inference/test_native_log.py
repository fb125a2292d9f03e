"""The log of native libraries is caught; what others print meanwhile goes where it was meant to."""

import os

import pytest

from flowlace.inference.native_log import caught_native_log


def test_lines_of_native_code_are_caught_from_both_outputs(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caught_native_log() as caught:
        os.write(1, b"INFO: [a.cc:3] hello\n")
        os.write(2, b"ERROR: [b.cc:5] No adapters found\n")
    assert caught.lines == ["INFO: [a.cc:3] hello", "ERROR: [b.cc:5] No adapters found"]
    assert caught.first_with("no such", "No adapters? found") == "No adapters found"
    assert capfd.readouterr() == ("", "")


def test_what_others_print_goes_where_it_was_meant_to_byte_for_byte(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with caught_native_log() as caught:
        os.write(1, b'{"row": 1}\r\n\n\x00\xff\nINFO: [a.cc:3] hello\n{"row": 2}')
        os.write(2, b"a warning of mine\n")
    assert capfdbinary.readouterr() == (
        b'{"row": 1}\r\n\n\x00\xff\n{"row": 2}',
        b"a warning of mine\n",
    )
    assert "INFO: [a.cc:3] hello" in caught.lines


def test_outputs_are_back_after_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), caught_native_log():
        raise ValueError("broken")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"
