"""Emulated Pythons share compiled models, once these are complete."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from release.gate.smoke import model_runs
from release.gate.smoke.aarch64 import smoke_test_aarch64
from release.gate.smoke.equipment import EmulatedPython, Emulation
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.model.outcome import Outcome
from release.model.plan import Cell, Platform
from tests.release.gate.samples import PLAN

ARM = Platform("linux_aarch64", "linux", "aarch64", "glibc_2.28", None, ())
PYTHONS = ("3.13", "3.14", "3.15")
WHEEL = f"iree_runtime-{PLAN.version}-cp312-abi3-manylinux_2_28_aarch64.whl"
VERDICTS = json.dumps(
    [
        {"model": model, "backend": backend, "error": 0.0, "right": True}
        for model in model_runs.MODELS
        for backend in model_runs.BACKENDS
    ]
)
# A fake qemu that acts as every program; its last argument is the directory.
QEMU = f"""\
#!/bin/sh
for dir; do :; done
case "$*" in
*"-sP -c"*) echo {PLAN.version} {PLAN.version} ;;
*BROKEN*" compile "*) echo partial > "$dir/partial.vmfb"; echo no linker >&2; exit 1 ;;
*" compile "*) echo complete >> "$dir/complete.vmfb" ;;
*" run "*) [ ! -e "$dir/partial.vmfb" ] && cat "$dir/complete.vmfb" >&2 && echo '{VERDICTS}' ;;
esac
"""


def run_smoke_tests(tmp_path: Path, broken: str) -> dict[str | None, Outcome]:
    """The outcome of each Python, of which one may fail to compile."""
    for name, text in {"qemu": QEMU.replace("BROKEN", broken), "uv": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "lock.txt").touch()
    pythons = {
        version: EmulatedPython(tmp_path / f"python{version}", tmp_path) for version in PYTHONS
    }
    equipment = ProvidedEquipment(
        uv=tmp_path / "uv",
        locks={(ARM.name, version): tmp_path / "lock.txt" for version in PYTHONS},
        emulator=Emulation(tmp_path / "qemu", "11.1.2", tmp_path, pythons, {}),
    )
    cells = tuple(Cell("iree-runtime", ARM.name, version, True, WHEEL) for version in PYTHONS)
    plan = replace(PLAN, platforms=(ARM,), cells=cells, dists=())
    release = RunnableRelease(plan, {WHEEL: tmp_path / WHEEL}, {WHEEL: "00" * 32})
    outcomes = smoke_test_aarch64(release, equipment, ARM, tmp_path)
    return {outcome.python: outcome for outcome in outcomes if outcome.kind == "python"}


def test_only_the_newest_compiles(tmp_path: Path) -> None:
    """Catches: minutes of compiling under qemu for each Python."""
    outcomes = run_smoke_tests(tmp_path, broken="none")
    assert {outcome.status for outcome in outcomes.values()} == {"passed"}
    shared = (
        "installed; 6 models, compiled with another Python, give correct results through the API"
    )
    assert {python: outcome.detail for python, outcome in outcomes.items()} == {
        "3.15": "installed; 6 compiled models give correct results through the API",
        "3.14": shared,
        "3.13": shared,
    }


def test_a_python_that_cannot_compile_does_not_affect_others(tmp_path: Path) -> None:
    """Catches: an incomplete model set left behind, which fails with a sound Python."""
    outcomes = run_smoke_tests(tmp_path, broken="python3.15")
    assert outcomes["3.15"].status == "failed"
    assert "compiling for llvm-cpu: python3.15 exits with 1: no linker" in outcomes["3.15"].detail
    assert outcomes["3.14"].status == outcomes["3.13"].status == "passed"
    assert "6 compiled models" in outcomes["3.14"].detail
