"""An assembled wheel: names, tags, metadata and RECORD follow the specifications."""

from __future__ import annotations

import configparser
import email
import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from installer.records import RecordEntry, parse_record_file
from installer.sources import WheelFile

from builder.assembly.errors import PackagingError
from builder.assembly.wheel import Wheel, assemble
from tests.packaging.assembled import launching, wheel_of
from tests.packaging.upstream import LIBRARY, SCRIPT, TOOL, VERSION_MODULE, UpstreamWheel


def contents(wheel: Wheel) -> dict[str, bytes]:
    """Returns the members of an assembled wheel, whose names must be unique."""
    with zipfile.ZipFile(wheel.output) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def test_record_lists_every_file_with_its_digest_and_comes_last(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    assemble(wheel)
    files = contents(wheel)
    record = f"{wheel.dist_info}/RECORD"
    assert list(files)[-1] == record
    rows = list(parse_record_file(files[record].decode().splitlines()))
    assert [row[0] for row in rows] == list(files)
    for row in rows[:-1]:
        entry = RecordEntry.from_elements(*row)
        assert entry.validate(files[entry.path]), entry.path


def test_version_agrees_everywhere(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    assemble(wheel)
    files = contents(wheel)
    assert wheel.dist_info == "iree_runtime-20261122.1.dist-info"
    assert b"\nVersion: 20261122.1\n" in files[f"{wheel.dist_info}/METADATA"]
    module = files[VERSION_MODULE].decode()
    assert 'VERSION = "20261122.1"' in module
    assert "rc20261016" not in module
    assert 'REVISIONS = {"IREE": "89ece87"}' in module  # the origin does not change


def test_local_version_keeps_its_plus(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel(), version="0.dev0+abc.1")
    assemble(wheel)
    assert f"{wheel.dist_info}/METADATA" in contents(wheel)
    assert wheel.dist_info == "iree_runtime-0.dev0+abc.1.dist-info"


def test_several_platform_tags_are_expanded(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    tags = ["manylinux_2_27_x86_64", "manylinux_2_28_x86_64"]
    wheel = replace(
        wheel,
        platform_tags=tags,
        output=tmp_path / f"iree_runtime-20261122.1-cp311-cp311-{'.'.join(tags)}.whl",
    )
    assemble(wheel)
    lines = contents(wheel)[f"{wheel.dist_info}/WHEEL"].decode().splitlines()
    assert [line for line in lines if line.startswith("Tag:")] == [
        f"Tag: cp311-cp311-{tag}" for tag in tags
    ]
    assert "Root-Is-Purelib: false" in lines


def test_metadata_combines_upstreams_with_the_declared(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    assemble(wheel)
    metadata = email.message_from_bytes(contents(wheel)[f"{wheel.dist_info}/METADATA"])
    assert metadata["Name"] == "iree-runtime"
    assert metadata["Author"] == "IREE Authors"
    assert metadata["License-Expression"] == "Apache-2.0 WITH LLVM-exception"
    assert metadata["License"] is None
    assert metadata.get_all("Classifier") == [
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
    ]
    assert metadata.get_all("Requires-Dist") == [
        "numpy",
        "iree-compiler==20261122.1",
        'tool; python_version < "3.12"',
        'onnx>=1.16.0; extra == "onnx"',
        'x; sys_platform == "linux" and extra == "onnx"',
    ]
    assert metadata.get_all("Provides-Extra") == ["onnx"]
    assert metadata.get_payload() == "# Runtime\n"


def test_license_and_entry_points_are_included(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    assemble(wheel)
    files = contents(wheel)
    assert files[f"{wheel.dist_info}/licenses/LICENSE"] == b"The licence.\n"
    scripts = configparser.ConfigParser()
    scripts.read_string(files[f"{wheel.dist_info}/entry_points.txt"].decode())
    assert "iree-run-module" in scripts["console_scripts"]
    assert not [name for name in files if "iree_base_runtime-" in name]


def test_a_launcher_replaces_the_script(tmp_path: Path) -> None:
    """Catches: two scripts with one name, or a script that is not executable."""
    place = str(PurePosixPath(TOOL).parent)
    upstream = UpstreamWheel()
    rest = "iree-render = iree._runtime.scripts.iree_run_module.__main__:main\n"
    points = upstream.entry_points + rest
    wheel = launching(
        wheel_of(tmp_path, replace(upstream, entry_points=points)), tmp_path, iree_run_module=place
    )
    assemble(wheel)
    files = contents(wheel)
    script = "iree_runtime-20261122.1.data/scripts/iree-run-module"
    assert files[script] == b"\x7fELF launcher"
    assert files[f"{wheel.dist_info}/entry_points.txt"].decode() == f"[console_scripts]\n{rest}"
    with zipfile.ZipFile(wheel.output) as archive:
        assert archive.getinfo(script).external_attr >> 16 == 0o100755
    with WheelFile.open(wheel.output) as source:
        source.validate_record()


def test_without_python_scripts_there_are_no_entry_points(tmp_path: Path) -> None:
    place = str(PurePosixPath(TOOL).parent)
    wheel = launching(wheel_of(tmp_path, UpstreamWheel()), tmp_path, iree_run_module=place)
    assemble(wheel)
    assert f"{wheel.dist_info}/entry_points.txt" not in contents(wheel)


def test_a_tool_without_an_upstream_script_gets_no_launcher(tmp_path: Path) -> None:
    """A platform may lack a tool that the package has on others."""
    place = str(PurePosixPath(TOOL).parent)
    wheel = launching(
        wheel_of(tmp_path, UpstreamWheel()), tmp_path, iree_run_module=place, iree_other=place
    )
    assemble(wheel)
    scripts = [path for path in contents(wheel) if ".data/" in path]
    assert scripts == ["iree_runtime-20261122.1.data/scripts/iree-run-module"]


def test_a_launcher_of_a_missing_tool_is_refused(tmp_path: Path) -> None:
    wheel = launching(wheel_of(tmp_path, UpstreamWheel()), tmp_path, iree_run_module="iree/gone")
    with pytest.raises(PackagingError) as caught:
        assemble(wheel)
    assert str(caught.value) == (
        "products/iree/BUILD.bazel: the launcher of iree-run-module would run "
        "iree/gone/iree-run-module, which the payload lacks"
    )
    assert not wheel.output.exists()


def test_native_files_are_copied_unchanged_and_executable(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    assemble(wheel)
    assert contents(wheel)[LIBRARY] == UpstreamWheel().files[LIBRARY]
    with zipfile.ZipFile(wheel.output) as archive:
        assert archive.getinfo(TOOL).external_attr >> 16 == 0o100755


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "another/much/deeper"):
        directory = tmp_path / name
        directory.mkdir(parents=True)
        wheel = wheel_of(directory, UpstreamWheel())
        assemble(wheel)
        digests.add(hashlib.sha256(wheel.output.read_bytes()).hexdigest())
    assert len(digests) == 1


def error_of(wheel: Wheel) -> str:
    """Returns the error message for a wheel, of which nothing must remain."""
    with pytest.raises(PackagingError) as caught:
        assemble(wheel)
    assert not wheel.output.exists()
    return str(caught.value)


def test_undeclared_requirement_of_upstream_is_named(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    declared = replace(wheel.declared, requires=["ml_dtypes"])
    message = error_of(replace(wheel, declared=declared))
    assert message.startswith("products/iree/BUILD.bazel: upstream requires numpy")


def test_invalid_requirement_is_named(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    declared = replace(wheel.declared, requires=["numpy", "what ever"])
    assert "invalid requirement" in error_of(replace(wheel, declared=declared))


def test_invalid_license_expression_is_named(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    declared = replace(wheel.declared, license_expression="Apache-2.0 with everything")
    assert "METADATA would be invalid" in error_of(replace(wheel, declared=declared))


def test_version_module_without_a_version_line_is_named(tmp_path: Path) -> None:
    upstream = UpstreamWheel().with_files(**{VERSION_MODULE: b"version = (3, 13)\n"})
    assert f"{VERSION_MODULE} has 0 VERSION lines" in error_of(wheel_of(tmp_path, upstream))


def test_missing_version_module_is_named(tmp_path: Path) -> None:
    upstream = UpstreamWheel().with_files(**{VERSION_MODULE: None})
    assert f"lacks the version module {VERSION_MODULE}" in error_of(wheel_of(tmp_path, upstream))


def test_entry_point_to_a_missing_module_is_named(tmp_path: Path) -> None:
    upstream = replace(
        UpstreamWheel(), entry_points="[console_scripts]\niree-x = iree.gone.__main__:main\n"
    )
    assert "the entry point iree-x refers to iree.gone.__main__:main" in error_of(
        wheel_of(tmp_path, upstream)
    )


def test_entry_point_to_a_missing_function_is_named(tmp_path: Path) -> None:
    upstream = UpstreamWheel().with_files(**{SCRIPT: b"def other(): pass\n"})
    assert "the entry point iree-run-module refers to" in error_of(wheel_of(tmp_path, upstream))


@pytest.mark.parametrize("source", [b"def main(:\n", b"\xff", b"\0"])
def test_entry_point_into_invalid_python_is_named(tmp_path: Path, source: bytes) -> None:
    """Catches: a traceback when upstream ships a broken module."""
    upstream = UpstreamWheel().with_files(**{SCRIPT: source})
    assert "the entry point iree-run-module refers to" in error_of(wheel_of(tmp_path, upstream))


def test_entry_point_that_is_imported_conditionally_is_found(tmp_path: Path) -> None:
    source = b"try:\n    from .fast import main\nexcept ImportError:\n    from .slow import main\n"
    assemble(wheel_of(tmp_path, UpstreamWheel().with_files(**{SCRIPT: source})))


def test_broken_file_of_upstream_can_be_replaced(tmp_path: Path) -> None:
    upstream = UpstreamWheel().with_files(**{SCRIPT: b"def other(): pass\n"})
    fixed = tmp_path / "fixed.py"
    fixed.write_text("from .other import main\n")
    wheel = replace(wheel_of(tmp_path, upstream), replacements={SCRIPT: fixed})
    assemble(wheel)
    assert contents(wheel)[SCRIPT] == fixed.read_bytes()


def test_replacement_of_a_missing_file_is_named(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    license_ = wheel.license_files["LICENSE"]
    message = error_of(replace(wheel, replacements={"iree/gone.py": license_}))
    assert "the payload lacks iree/gone.py" in message


def test_file_name_with_another_version_is_refused(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    wheel = replace(wheel, output=wheel.output.with_name(wheel.output.name.replace("22.1", "22.2")))
    assert "does not match iree-runtime 20261122.1" in error_of(wheel)


def test_truncated_part_is_refused(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, UpstreamWheel())
    part = wheel.parts["lib.zip"]
    part.write_bytes(part.read_bytes()[:-10])
    assert error_of(wheel).startswith("lib.zip: not a whole ZIP archive")
