#!/usr/bin/env bash
# iree-base-compiler 3.13.0 contains the public module iree.compiler.dialects.ext (MLIR's tool to define
# dialects in Python), which cannot be imported: it imports iree.compiler.dialects.irdl, and the wheel
# contains neither that module nor the extension module of IRDL. Every other dialect module of the wheel
# can be imported without an extra, so a check that imports all public modules has to exclude this one.
# Expected: a module that the wheel ships can be imported, or fails with the name of an extra.
# Observed on Linux x86_64 with Python 3.11, 2026-11-29.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check iree-base-compiler==3.13.0

cat > dialects.py <<'PROGRAM'
import importlib
import pkgutil

import iree.compiler.dialects as dialects

print("modules named irdl:", [m.name for m in pkgutil.iter_modules(dialects.__path__) if "irdl" in m.name])
failed = 0
for module in sorted(pkgutil.iter_modules(dialects.__path__), key=lambda module: module.name):
    if module.name.startswith("_"):
        continue
    try:
        importlib.import_module(f"iree.compiler.dialects.{module.name}")
    except ImportError as error:
        failed += 1
        print(f"{module.name}: {str(error).partition(' (')[0]}")
print("failed:", failed)
PROGRAM

venv/bin/python -m pip list --disable-pip-version-check 2>/dev/null | grep -i iree
venv/bin/python --version
seen=$(venv/bin/python -I dialects.py)
echo "$seen"

expected="modules named irdl: []
ext: cannot import name 'irdl' from 'iree.compiler.dialects'
failed: 1"
if [ "$seen" != "$expected" ]; then
	echo "the behaviour has changed; expected:"
	echo "$expected"
	exit 1
fi
