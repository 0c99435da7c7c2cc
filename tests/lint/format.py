"""`./bazelw run //:format`: fixes what ruff and buildifier can fix, and prints other findings."""

import sys

from tests.lint import programs


def main() -> int:
    """Fixes the files; returns 1 if findings remain."""
    programs.ruff("check", "--fix")
    programs.ruff("format")
    remaining = [programs.ruff("check", "--quiet", "--output-format=concise")]
    if reason := programs.why_no_buildifier():
        print(f"not run: buildifier: {reason}.")
    else:
        programs.buildifier("--mode=fix", "--lint=fix")
        remaining.append(programs.buildifier("--mode=check", "--lint=warn"))
    for findings in remaining:
        print(findings.text, end="")
    return 0 if all(findings.clean for findings in remaining) else 1


if __name__ == "__main__":
    sys.exit(main())
