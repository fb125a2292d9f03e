import subprocess
import sys

LIMITED = """
import numpy
from threadpoolctl import threadpool_info
from typer.testing import CliRunner
from flowlace.cli.app import app

assert CliRunner().invoke(app, ["nodes"]).exit_code == 0
print([one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"])
"""


def test_small_matrices_take_one_thread() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True
    ).stdout
    assert set(told.strip("[]\n").split(", ")) == {"1"}
