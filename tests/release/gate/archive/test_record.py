"""RECORD: every difference between it and the members is found."""

from __future__ import annotations

import base64
import hashlib

import pytest

from release.gate import record
from release.model.finding import Check

PATH = "iree-1.dist-info/RECORD"
CONTENT = {"iree/a.py": b"a", "iree/b, c.py": b"bc"}
MEMBERS = {path: (hashlib.sha256(text).hexdigest(), len(text)) for path, text in CONTENT.items()}
MEMBERS[PATH] = ("00" * 32, 1)


def line(path: str, *, algorithm: str = "sha256", size: str | None = None) -> str:
    raw = hashlib.new(algorithm, CONTENT[path]).digest()
    digest = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return f'"{path}",{algorithm}={digest},{len(CONTENT[path]) if size is None else size}'


A, BC, OWN = line("iree/a.py"), line("iree/b, c.py"), f"{PATH},,"


def found(*lines: str) -> list[Check]:
    text = "\n".join(lines).encode()
    return [finding.check for finding in record.check("a.whl", PATH, text, MEMBERS)]


def test_a_valid_record_passes() -> None:
    assert found(A, BC, OWN) == []
    assert found(A, BC, OWN, f"{PATH}.jws,,") == []


@pytest.mark.parametrize(
    ("lines", "check"),
    [
        ([A, OWN], Check.RECORD_INCOMPLETE),
        ([A, BC, OWN, "iree/gone.py,sha256=AAAA,1"], Check.RECORD_INCOMPLETE),
        ([A, A, BC, OWN], Check.RECORD_BROKEN),
        ([A, "one,two", OWN], Check.RECORD_BROKEN),
        ([A, "iree/b, c.py,sha256=x,many"], Check.RECORD_BROKEN),
        ([A, line("iree/b, c.py", algorithm="md5"), OWN], Check.RECORD_DIGEST),
        ([A, line("iree/b, c.py", size="7"), OWN], Check.RECORD_DIGEST),
        ([A, line("iree/b, c.py", size=""), OWN], Check.RECORD_DIGEST),
        ([A, '"iree/b, c.py",,', OWN], Check.RECORD_DIGEST),
        ([A, BC.replace("sha256=", "sha256=A"), OWN], Check.RECORD_DIGEST),
    ],
)
def test_a_difference_is_found(lines: list[str], check: Check) -> None:
    assert check in found(*lines)


def test_a_record_that_is_not_text_is_found() -> None:
    (finding,) = record.check("a.whl", PATH, b"\xff\xfe", MEMBERS)
    assert finding.check is Check.RECORD_BROKEN
