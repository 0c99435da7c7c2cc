#!/usr/bin/env bash
# CMake 4.4.5's FindPython with the components Interpreter and Development.SABIModule accepts only
# headers of the interpreter's minor version, although Development.SABIModule is for modules in the
# stable ABI, which are compiled with the headers of the oldest supported Python. Without the component
# Interpreter, it accepts the same headers. So a build that runs on one Python and builds abi3 modules
# for an older one also needs an interpreter of that older version.
# Expected: Python_INCLUDE_DIR is used as given, since CMake leaves the consistency of hints to the
# user. Observed on Linux x86_64 with Python 3.11 and 3.13, 2026-11-28.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check cmake==4.4.5 ninja==1.13.0
cmake=$work/tools/bin/cmake
"$cmake" --version | head -1
python=$(python3 -c 'import sys; print(sys.executable)')
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
echo "interpreter: Python 3.$minor"

# FindPython reads only the version from CPython's headers.
for version in "$minor" "$((minor - 1))"; do
	mkdir "headers-$version"
	touch "headers-$version/Python.h" "headers-$version/pyconfig.h"
	cat > "headers-$version/patchlevel.h" <<HEADER
#define PY_MAJOR_VERSION 3
#define PY_MINOR_VERSION $version
#define PY_MICRO_VERSION 0
#define PY_VERSION "3.$version.0"
HEADER
done

found() { # COMPONENTS HEADERS
	rm -rf build source
	mkdir source
	cat > source/CMakeLists.txt <<PROJECT
cmake_minimum_required(VERSION 3.26)
project(module LANGUAGES NONE)
find_package(Python COMPONENTS $1)
message("SABIModule: \${Python_Development.SABIModule_FOUND}")
PROJECT
	"$cmake" -G Ninja -S source -B build -DCMAKE_MAKE_PROGRAM="$work/tools/bin/ninja" \
		-DCMAKE_SYSTEM_NAME=Linux -DPython_EXECUTABLE="$python" -DPython_INCLUDE_DIR="$work/$2" 2>&1 |
		sed -n 's/^SABIModule: //p'
}

seen=$(
	echo "same minor version, with the interpreter: $(found "Interpreter Development.SABIModule" "headers-$minor")"
	echo "older minor version, with the interpreter: $(found "Interpreter Development.SABIModule" "headers-$((minor - 1))")"
	echo "older minor version, only headers: $(found "Development.SABIModule" "headers-$((minor - 1))")"
)
echo "$seen"

expected="same minor version, with the interpreter: TRUE
older minor version, with the interpreter: FALSE
older minor version, only headers: TRUE"
if [ "$seen" != "$expected" ]; then
	echo "the behaviour has changed; expected:"
	echo "$expected"
	exit 1
fi
