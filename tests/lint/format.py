"""`bazel run //:format`: mends what ruff and buildifier can mend, and prints what they cannot."""

import sys

from tests.lint import programs


def main() -> int:
    """Mends the files; returns 1 when something is left for a person to mend."""
    programs.ruff("check", "--fix")
    programs.ruff("format")
    left = [programs.ruff("check", "--quiet", "--output-format=concise")]
    if reason := programs.why_no_buildifier():
        print(f"not run: buildifier, because {reason}.")
    else:
        programs.buildifier("--mode=fix", "--lint=fix")
        left.append(programs.buildifier("--mode=check", "--lint=warn"))
    for findings in left:
        print(findings.text, end="")
    return 0 if all(findings.clean for findings in left) else 1


if __name__ == "__main__":
    sys.exit(main())
