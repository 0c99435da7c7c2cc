#!/usr/bin/env bash
# If a directory (--find-links) and an index have different wheels of the same name, version and tags,
# pip 26.3 installs the index's and uv 0.13.9 the directory's, regardless of the order of the options.
# So `pip install --find-links wheelhouse NAME==X.Y.Z` may test the registry's X.Y.Z instead of the
# wheelhouse, unless --no-index or --require-hashes is given.
# Expected: both install the local file. Observed on CPython 3.11.7, Linux x86_64, 2026-11-28.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check pip==26.3 uv==0.13.9
tools/bin/python -m pip --version | cut -d' ' -f1-2
tools/bin/uv --version | cut -d' ' -f1-2

tools/bin/python - <<'PYTHON'
import base64, hashlib, pathlib, zipfile

NAME = "demo-1.0-py3-none-any.whl"

def wheel(directory, origin):
    directory.mkdir(parents=True)
    files = {
        "demo.py": f"origin = {origin!r}\n",
        "demo-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        "demo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text)}\n"
    files["demo-1.0.dist-info/RECORD"] = record + "demo-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(directory / NAME, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)

wheel(pathlib.Path("wheelhouse"), "wheelhouse")
wheel(pathlib.Path("index/demo"), "index")
pathlib.Path("index/demo/index.html").write_text(f'<a href="{NAME}">{NAME}</a>')
PYTHON

pip=(tools/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --target)
uv=(tools/bin/uv pip install --quiet --no-cache --python tools/bin/python --target)
export PIP_CONFIG_FILE=/dev/null UV_NO_CONFIG=1
index=(--index-url "file://$work/index")
links=(--find-links wheelhouse)

origin() {
	rm -rf installed
	"$@" demo==1.0
	tools/bin/python -c 'import sys; sys.path.insert(0, "installed"); import demo; print(demo.origin)'
}

seen=$(
	echo "pip, index first: $(origin "${pip[@]}" installed "${index[@]}" "${links[@]}")"
	echo "pip, wheelhouse first: $(origin "${pip[@]}" installed "${links[@]}" "${index[@]}")"
	echo "uv, index first: $(origin "${uv[@]}" installed "${index[@]}" "${links[@]}")"
	echo "uv, wheelhouse first: $(origin "${uv[@]}" installed "${links[@]}" "${index[@]}")"
)
echo "$seen"

expected="pip, index first: index
pip, wheelhouse first: index
uv, index first: wheelhouse
uv, wheelhouse first: wheelhouse"
if [ "$seen" != "$expected" ]; then
	echo "the behaviour has changed; expected:"
	echo "$expected"
	exit 1
fi
