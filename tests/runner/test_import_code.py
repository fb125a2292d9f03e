import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowlace.runner.errors import RunnerError
from flowlace.runner.import_code import import_code


@pytest.fixture(autouse=True)
def imports_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_a_file_is_imported_and_finds_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_probe.py").write_text("answer = 42\n")
    (tmp_path / "file_probe.py").write_text("from beside_probe import answer\n")
    (module,) = import_code([str(tmp_path / "file_probe.py")])
    assert (module.__name__, module.answer) == ("file_probe", 42)


def test_a_module_is_found_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package_probe").mkdir()
    (tmp_path / "package_probe" / "inside.py").write_text("answer = 42\n")
    (module,) = import_code(["package_probe.inside"])
    assert module.answer == 42


def test_a_file_twice_is_imported_once(tmp_path: Path) -> None:
    file = tmp_path / "twice_probe.py"
    file.write_text("")
    one, other = import_code([str(file), str(file)])
    assert one is other


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing_probe.py", "there is no such file"),
        ("missing_probe", "ModuleNotFoundError: No module named 'missing_probe'"),
    ],
)
def test_what_is_not_there_is_named(name: str, message: str) -> None:
    with pytest.raises(RunnerError, match=f"--import '{name}': {message}"):
        import_code([name])


def test_code_that_raises_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "raising_probe.py"
    file.write_text("\n1 / 0\n")
    with pytest.raises(RunnerError, match=r"ZeroDivisionError: .* \(.*raising_probe\.py:2\)"):
        import_code([str(file)])


def test_a_mistake_of_syntax_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "syntax_probe.py"
    file.write_text("x = (\n")
    with pytest.raises(RunnerError, match=r"SyntaxError: .*syntax_probe\.py, line 1"):
        import_code([str(file)])


def test_a_file_called_like_a_known_module_needs_another_name(tmp_path: Path) -> None:
    file = tmp_path / "json.py"
    file.write_text("")
    with pytest.raises(RunnerError, match=r"'json' is already there .* another name"):
        import_code([str(file)])


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "my-calculators.py"
    file.write_text("")
    with pytest.raises(RunnerError, match=r"expected a module, or a file called like one"):
        import_code([str(file)])
