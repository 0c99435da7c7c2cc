#!/usr/bin/env bash
# iree-run-module of iree-base-runtime 3.13.0 refuses .npy files whose header lacks the comma that NumPy
# writes after the last entry, and those with double quotes ("malformed header dict"). NumPy's format says
# that the header is a Python literal of a dictionary, so both are valid, and NumPy reads them; repr() of
# the dictionary has no such comma. The order of the keys does not matter to either. So a program that
# writes inputs for IREE's tools without NumPy, such as products/iree/smoke, has to spell the header as
# NumPy does. Observed on Linux x86_64 with Python 3.11, 2026-11-29.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
	iree-base-compiler==3.13.0 iree-base-runtime==3.13.0 numpy==2.4.6
venv/bin/python -m pip list --disable-pip-version-check 2>/dev/null | grep -iE '^(iree|numpy)'

cat > double.mlir <<'MODULE'
func.func @double(%a: tensor<4xf32>) -> tensor<4xf32> {
  %r = arith.addf %a, %a : tensor<4xf32>
  return %r : tensor<4xf32>
}
MODULE
venv/bin/iree-compile --iree-hal-target-device=local \
	--iree-hal-local-target-device-backends=vmvx double.mlir -o double.vmfb

cat > write.py <<'PROGRAM'
import struct

import numpy

HEADERS = {
    "numpy": "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",
    "order": "{'shape': (4,), 'fortran_order': False, 'descr': '<f4', }",
    "repr": repr({"descr": "<f4", "fortran_order": False, "shape": (4,)}),
    "quotes": '{"descr": "<f4", "fortran_order": False, "shape": (4,), }',
}
for name, header in HEADERS.items():
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    with open(f"{name}.npy", "wb") as file:
        file.write(b"\x93NUMPY" + struct.pack("<BBH", 1, 0, len(header)) + header.encode())
        file.write(struct.pack("<4f", 1, 2, 3, 4))
    assert numpy.load(f"{name}.npy").tolist() == [1, 2, 3, 4], name
PROGRAM
venv/bin/python write.py

seen=$(
	for name in numpy order repr quotes; do
		output=$(venv/bin/iree-run-module --device=local-task --module=double.vmfb \
			--function=double "--input=@$name.npy" 2>&1 || true)
		case $output in
			*"4xf32=2 4 6 8"*) echo "$name: 2 4 6 8" ;;
			*"malformed header dict"*) echo "$name: malformed header dict" ;;
			*) echo "$name: $output" ;;
		esac
	done
)
echo "$seen"

expected="numpy: 2 4 6 8
order: 2 4 6 8
repr: malformed header dict
quotes: malformed header dict"
if [ "$seen" != "$expected" ]; then
	echo "the behaviour has changed; expected:"
	echo "$expected"
	exit 1
fi
