#!/usr/bin/env bash
# zig 0.17.1 builds the archives of its C runtime (libcompiler_rt.a, libc_nonshared.a; with C++ also
# libunwind.a, libc++.a, libc++abi.a) in its global cache, and names their members by their path in that
# cache. So two caches have different archives under the same key, while programs that are linked with
# them are the same. Before such an archive is an output of a reproducible build, or part of a cache
# key, its members must be renamed.
# Expected: equal keys in zig's cache mean equal files. Observed on Linux x86_64, 2026-11-28.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv tools
tools/bin/python -m pip install --quiet --disable-pip-version-check ziglang==0.17.1
zig=$(tools/bin/python -c 'import pathlib, ziglang; print(pathlib.Path(ziglang.__file__).parent / "zig")')
echo "zig $("$zig" version)"

echo 'int main(void) { return 0; }' > program.c
for cache in one other; do
	ZIG_GLOBAL_CACHE_DIR=$work/$cache ZIG_LOCAL_CACHE_DIR=$work/$cache/local \
		"$zig" cc -target x86_64-linux-gnu.2.28 -O2 program.c -o "program.$cache"
done

same() { if cmp --quiet "$1" "$2"; then echo same; else echo different; fi; }

seen=$(
	echo "programs: $(same program.one program.other)"
	for library in libcompiler_rt.a libc_nonshared.a; do
		one=$(cd one && find . -name "$library")
		other=$(cd other && find . -name "$library")
		echo "$library: key $([ "$one" = "$other" ] && echo same || echo different)," \
			"bytes $(same "one/$one" "other/$other")," \
			"members below the cache: $("$zig" ar t "one/$one" | grep -c "one/o/")" \
			"of $("$zig" ar t "one/$one" | wc -l)"
	done
)
echo "$seen"

expected="programs: same
libcompiler_rt.a: key same, bytes different, members below the cache: 1 of 1
libc_nonshared.a: key same, bytes different, members below the cache: 15 of 15"
if [ "$seen" != "$expected" ]; then
	echo "the behaviour has changed; expected:"
	echo "$expected"
	exit 1
fi
