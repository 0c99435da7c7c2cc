"""The rc file that makes Bazel use Debian's copies of modules instead of a registry."""

import json
from pathlib import Path

_RULES = "usr/share/bazel/rules"
_TOOLS = "usr/share/bazel/tools"

OVERRIDES = {
    "bazel_features": f"{_TOOLS}/features",
    "bazel_skylib": f"{_TOOLS}/skylib",
    "platforms": f"{_TOOLS}/platforms",
    "rules_cc": f"{_RULES}/cc",
    "rules_java": f"{_RULES}/java",
    "rules_license": f"{_RULES}/license",
    "rules_proto": f"{_RULES}/proto",
    "rules_python": f"{_RULES}/python",
}
"""The directory of Debian's copy of each module, relative to a prefix."""

# Bazel itself depends on these, but nothing here uses their files.
_STUBS = (
    ("apple_support", "1.23.1"),
    ("buildozer", "7.1.2"),
    ("protobuf", "3.19.6"),
    ("protobuf", "21.7"),
    ("zlib", "1.3.1.bcr.3"),
)


def write_registry(registry: Path) -> None:
    """Write a registry that contains only the stubs."""
    registry.mkdir(parents=True)
    (registry / "bazel_registry.json").write_text(json.dumps({"module_base_path": "stubs"}) + "\n")
    for name, version in _STUBS:
        module = f'module(name = "{name}", version = "{version}")\n'
        entry = registry / "modules" / name / version
        entry.mkdir(parents=True)
        (entry / "MODULE.bazel").write_text(module)
        source = {"type": "local_path", "path": f"{name}-{version}"}
        (entry / "source.json").write_text(json.dumps(source) + "\n")
        stub = registry / "stubs" / f"{name}-{version}"
        stub.mkdir(parents=True)
        (stub / "MODULE.bazel").write_text(module)
        (stub / "BUILD.bazel").write_text("")


def rc(prefix: Path, registry: Path, disk_cache: Path) -> str:
    """The text of the rc file for the final path of a prefix."""
    options = [
        *(
            ("common", f"--override_module={name}={prefix / path}")
            for name, path in sorted(OVERRIDES.items())
        ),
        ("common", f"--registry={registry.as_uri()}"),
        # Not common: .bazelrc sets it for `build`, and the more specific setting wins.
        ("build", f"--disk_cache={disk_cache}"),
    ]
    # Quoted, since a path may contain spaces.
    return "".join(f'{command} "{option}"\n' for command, option in options)
