"""IREE's models: their expected results, and what counts as a correct result."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from products.iree.smoke import main
from products.iree.smoke.main import Array, Model
from smoke_kit import Done, SmokeError
from tests.products.fake_iree import expected_results

MODELS = {model.name: model for model in main.MODELS}
UNLINKED = "Linking failed; escaped command line returned exit code 1:\n"


def result_of(model: Model) -> Array:
    """A correct result."""
    return Array.of(model.shape, model.arguments[0].type, model.expected)


def with_number(array: Array, index: int, number: float) -> Array:
    """An array with another number in one place."""
    values = [*array.values]
    values[index] = number
    return replace(array, values=tuple(values))


@pytest.mark.parametrize("name", MODELS)
def test_expected_results_are_those_of_numpy(name: str) -> None:
    """Catches: a model whose wrong result is expected."""
    computed = expected_results()[name]
    model = MODELS[name]
    assert model.shape == computed.shape
    np.testing.assert_allclose(
        np.array(model.expected).reshape(model.shape), computed, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_source_with_its_function(name: str) -> None:
    assert f"func.func @{name}(" in MODELS[name].source.read_text()


def test_every_source_is_a_model() -> None:
    """Catches: a model that is never compiled."""
    sources = (Path(main.__file__).parent / "models").iterdir()
    assert {path.stem for path in sources} == MODELS.keys()


@pytest.mark.parametrize("name", MODELS)
def test_a_correct_result_passes(name: str) -> None:
    """Catches: the faults below reported for a correct result, too."""
    model = MODELS[name]
    assert model.check(result_of(model)) <= model.tolerance


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 12.5])
def test_a_wrong_number_is_found_anywhere(name: str, place: str, number: float) -> None:
    """Catches: NaN that no comparison and no maximum notices."""
    model = MODELS[name]
    index = 0 if place == "first" else -1
    with pytest.raises(SmokeError, match=r"^1 of \d+ numbers are wrong \(largest relative error "):
        model.check(with_number(result_of(model), index, number))


def test_nan_is_the_largest_error() -> None:
    """Catches: a message with a small error, since max() skips NaN."""
    model = MODELS["matmul"]
    wrong = with_number(with_number(result_of(model), 0, 9.0), 5, math.nan)
    with pytest.raises(SmokeError, match=r"^2 of 391 .*\(largest relative error nan\)$"):
        model.check(wrong)


def test_an_error_is_relative_to_large_numbers_only() -> None:
    model = MODELS["matmul"]
    largest = max(range(391), key=lambda index: abs(model.expected[index]))
    scale = abs(model.expected[largest])
    assert scale > 2
    near = with_number(result_of(model), largest, model.expected[largest] + 0.9e-5 * scale)
    assert model.check(near) == pytest.approx(0.9e-5, rel=0.1)
    with pytest.raises(SmokeError, match="1 of 391"):
        model.check(with_number(near, largest, model.expected[largest] + 1.1e-5 * scale))


def test_a_loop_must_be_exact() -> None:
    model = MODELS["collatz"]
    with pytest.raises(SmokeError, match="1 of 8"):
        model.check(with_number(result_of(model), 3, model.expected[3] + 1))


def test_a_result_of_another_shape_or_type_is_wrong() -> None:
    """Catches: the right numbers in the wrong order of dimensions."""
    model = MODELS["matmul"]
    right = result_of(model)
    with pytest.raises(SmokeError, match=r"has shape \(23, 17\) and type <f4, not \(17, 23\)"):
        model.check(replace(right, shape=(23, 17)))
    with pytest.raises(SmokeError, match=r"and type <i4, not \(17, 23\) and <f4$"):
        model.check(replace(right, type="<i4"))


@pytest.mark.parametrize("array", [a for model in main.MODELS for a in model.arguments])
def test_numpy_reads_what_is_written(tmp_path: Path, array: Array) -> None:
    array.write(tmp_path / "a.npy")
    read = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert (read.shape, read.dtype) == (array.shape, np.dtype(array.type))
    assert tuple(read.ravel().tolist()) == array.values


def test_a_file_is_the_one_that_numpy_writes(tmp_path: Path) -> None:
    """Catches: a header that the parser of IREE's tools does not accept."""
    Array.of((2, 3), "<f4", range(6)).write(tmp_path / "ours.npy")
    np.save(tmp_path / "numpy.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "numpy.npy").read_bytes()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_what_numpy_writes_is_read(tmp_path: Path, version: tuple[int, int]) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        values = np.arange(6, dtype=np.int32).reshape(2, 3)
        np.lib.format.write_array(file, values, version=version)
    assert Array.read(tmp_path / "a.npy") == Array((2, 3), "<i4", (0, 1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"^a.npy is not an array \(no magic number\)$"),
        (b"0 1 2", r"^a.npy is not an array \(no magic number\)$"),
        (b"\x93NUMPY\x01\x00", r"^a.npy is not an array \("),
        (b"\x93NUMPY\x01\x00\x05\x00{1: (", r"^a.npy is not an array \("),
        (b"\x93NUMPY\x01\x00\x02\x00[]", r"^a.npy is not an array \("),
    ],
)
def test_another_file_is_not_an_array(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(SmokeError, match=message):
        Array.read(tmp_path / "a.npy")


@pytest.mark.parametrize("size", [-1, 1])
def test_an_array_of_another_size_than_its_shape_is_refused(tmp_path: Path, size: int) -> None:
    """Catches: numbers that the tool did not write."""
    np.save(tmp_path / "a.npy", np.zeros(4, np.float32))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-1] if size < 0 else content + b"\0")
    with pytest.raises(SmokeError, match=r"^a.npy is not an array \("):
        Array.read(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3),
        np.zeros(3, ">f4"),
        np.zeros((2, 3), np.float32, order="F"),
        np.array(["a"]),
    ],
)
def test_an_array_of_another_kind_is_refused(
    tmp_path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(SmokeError, match=r"^a.npy is not an array \("):
        Array.read(tmp_path / "a.npy")


def test_a_missing_result_is_named(tmp_path: Path) -> None:
    with pytest.raises(SmokeError, match=r"^a.npy: no result \(No such file or directory\)$"):
        Array.read(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("exit_code", "stderr", "lost"),
    [
        (1, UNLINKED, True),
        (1, UNLINKED + "lld-link: error: undefined symbol: main\n", False),
        (1, "m.mlir:1:1: error: expected operation\n", False),
        (2, UNLINKED, False),
        (0, UNLINKED, False),
    ],
)
def test_a_linker_that_explains_its_failure_is_not_lost(
    exit_code: int, stderr: str, lost: bool
) -> None:
    """Catches: a link failure attributed to wine and retried, or the reverse."""
    assert main.lost_linker(Done("iree-compile.exe", exit_code, "", stderr)) is lost
