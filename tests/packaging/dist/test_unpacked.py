"""The unpacked dist for Linux x86_64: all tools start, compiled programs run, and a C program can
call the compiler library."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke import process
from release.gate.smoke.probes import native_tools
from release.model import products

CONSUMER = Path("tests/packaging/dist/consumer")

MATMUL = """
func.func @matmul(%a : tensor<2x2xf32>, %b : tensor<2x2xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x2xf32>
  %product = linalg.matmul ins(%a, %b : tensor<2x2xf32>, tensor<2x2xf32>)
                           outs(%zero : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %product : tensor<2x2xf32>
}
"""
TAN = """
func.func @tan(%x : tensor<64xf32>) -> tensor<64xf32> {
  %y = math.tan %x : tensor<64xf32>
  return %y : tensor<64xf32>
}
"""

IREE = products.named("iree").product
assert IREE.dist is not None
TOOLS = native_tools([IREE.package(name) for name in IREE.dist.packages], "linux")


class Tree:
    """An unpacked dist in any directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def tool(self, name: str) -> str:
        return str(self.root / "bin" / name)

    def compile(self, source: Path, *flags: str, **environment: str) -> Path:
        """Compiles, and returns the program; the test fails if that fails."""
        program = source.with_suffix(".vmfb")
        program.unlink(missing_ok=True)
        run([self.tool("iree-compile"), *flags, str(source), "-o", str(program)], **environment)
        return program

    def run_matmul(self, program: Path) -> str:
        return run(
            [
                self.tool("iree-run-module"),
                f"--module={program}",
                "--function=matmul",
                "--input=2x2xf32=1 2 3 4",
                "--input=2x2xf32=5 6 7 8",
            ]
        )


def run(command: Sequence[str], **environment: str) -> str:
    """Runs a program and returns stdout and stderr; the test fails with them if it fails."""
    done = subprocess.run(
        command,
        env={"PATH": os.defpath, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"exit code {done.returncode}: {' '.join(command)}\n{done.stdout}")
    return done.stdout


def local(backend: str) -> list[str]:
    return [
        "--iree-hal-target-device=local",
        f"--iree-hal-local-target-device-backends={backend}",
        "--iree-llvmcpu-target-cpu=generic",
    ]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip(f"not run: this machine is {platform.system()} {platform.machine()}")
    root = tmp_path_factory.mktemp("dist") / "unpacked"
    root.mkdir()
    subprocess.run(["tar", "-xf", os.environ["DIST"], "-C", root], check=True)
    return Tree(root)


@contextmanager
def moved(tree: Tree, name: str) -> Iterator[Tree]:
    """Renames the tree within the with statement."""
    elsewhere = tree.root.with_name(name)
    tree.root.rename(elsewhere)
    try:
        yield Tree(elsewhere)
    finally:
        elsewhere.rename(tree.root)


@pytest.fixture
def matmul(tmp_path: Path) -> Path:
    source = tmp_path / "matmul.mlir"
    source.write_text(MATMUL)
    return source


def test_every_tool_has_a_test(tree: Tree) -> None:
    assert {path.name for path in (tree.root / "bin").iterdir()} == TOOLS.keys()


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_starts(tree: Tree, name: str) -> None:
    TOOLS[name].check(process.run([tree.tool(name), *TOOLS[name].arguments], environment={}))


@pytest.mark.parametrize("backend", ["llvm-cpu", "vmvx"])
def test_a_program_is_compiled_and_run(tree: Tree, matmul: Path, backend: str) -> None:
    assert "2x2xf32=[19 22][43 50]" in tree.run_matmul(tree.compile(matmul, *local(backend)))


def test_code_for_amd_gpus_finds_the_device_libraries(tree: Tree, tmp_path: Path) -> None:
    source = tmp_path / "tan.mlir"
    source.write_text(TAN)

    tree.compile(source, "--iree-hal-target-device=hip", "--iree-rocm-target=gfx942")


def test_the_tree_can_be_moved(tree: Tree, matmul: Path) -> None:
    with moved(tree, "elsewhere") as renamed:
        assert "2x2xf32=[19 22][43 50]" in renamed.run_matmul(
            renamed.compile(matmul, *local("llvm-cpu"))
        )


def test_a_space_in_the_path_has_the_effect_that_the_readme_describes(
    tree: Tree, matmul: Path, tmp_path: Path
) -> None:
    # If the first part fails, upstream quotes the path: remove the limitation from the README.
    with moved(tree, "with space") as renamed:
        with pytest.raises(pytest.fail.Exception, match="with: not found"):
            renamed.compile(matmul, *local("llvm-cpu"))
        assert "[19 22]" in renamed.run_matmul(renamed.compile(matmul, *local("vmvx")))
        linker = tmp_path / "iree-lld"
        linker.symlink_to(renamed.root / "bin" / "iree-lld")
        program = renamed.compile(
            matmul, *local("llvm-cpu"), IREE_LLVM_EMBEDDED_LINKER_PATH=str(linker)
        )
        assert "[19 22]" in renamed.run_matmul(program)


def build(source: Path, tree: Tree, directory: Path, *flags: str) -> str:
    """Configures and builds a C project with the dist, and returns CMake's output."""
    for program in ("cmake", "cc"):
        if shutil.which(program, path=os.defpath) is None:
            pytest.skip(f"not run: {program} is not on PATH")
    prefix = f"-DCMAKE_PREFIX_PATH={tree.root}"
    output = run(["cmake", "-S", str(source), "-B", str(directory), prefix, *flags])
    return output + run(["cmake", "--build", str(directory)])


def test_the_example_compiles_a_program_that_runs(tree: Tree, tmp_path: Path) -> None:
    build(tree.root / "share/iree/example", tree, tmp_path / "build")
    program = tmp_path / "abs.vmfb"
    run([str(tmp_path / "build" / "compile"), str(program)])

    output = run(
        [tree.tool("iree-run-module"), f"--module={program}", "--function=abs", "--input=f32=-5"]
    )

    assert output.splitlines()[-1] == "f32=5"


def test_every_function_does_what_the_header_says(tree: Tree, tmp_path: Path) -> None:
    build(CONSUMER, tree, tmp_path / "build")
    (tmp_path / "directory").mkdir()

    output = run([str(tmp_path / "build" / "every_call"), str(tmp_path / "directory")])

    assert output.splitlines()[-1] == "every call did what the header says"


@pytest.mark.parametrize(
    ("requested", "found"),
    [("", True), ("0", True), ("{version}", True), ("{version};EXACT", True), ("99999999", False)],
)
def test_cmake_accepts_versions_that_are_not_older(
    tree: Tree, tmp_path: Path, requested: str, found: bool
) -> None:
    text = (tree.root / "lib/cmake/IREECompiler/IREECompilerConfigVersion.cmake").read_text()
    version = re.search(r'PACKAGE_VERSION "([\d.]+)"', text)
    assert version is not None
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\n"
        "project(consumer LANGUAGES C)\n"
        "find_package(IREECompiler ${REQUESTED} CONFIG)\n"
        'message(STATUS "found: ${IREECompiler_FOUND} ${IREECompiler_TOOLS_DIR}")\n'
    )
    requested = requested.format(version=version.group(1))

    output = build(tmp_path, tree, tmp_path / "build", f"-DREQUESTED={requested}")

    assert ("found: 1 " in output or "found: TRUE " in output) is found, output


def test_cmake_rejects_it_for_another_system(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"\(for linux-x86_64\)"):
        build(
            CONSUMER,
            tree,
            tmp_path / "build",
            "-DCMAKE_SYSTEM_NAME=FreeBSD",
            "-DCMAKE_C_COMPILER=cc",
        )
