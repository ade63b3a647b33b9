"""Names of files that mean the same, and nothing special, on every system."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from casework.artifact.strict_json import has_unseen

_DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
MAX_NAME: Final = 255
MAX_PATH: Final = 400


def unsafe_reason(path: str) -> str:
    """Say why a relative path is not safe on every system; empty if it is.

    Source of the reserved names: Naming Files, Paths, and Namespaces, Microsoft Learn; of the `.git` forms: git's
    `fsck` message ids.
    """
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH:
        return f"is longer than {MAX_PATH} bytes"
    for part in path.split("/"):
        reason = _unsafe_part(part)
        if reason:
            return reason
    return ""


def folded(path: str) -> str:
    """Return what a path becomes on systems that ignore case and Unicode form: equal results are one file there."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _unsafe_part(part: str) -> str:
    tests = (
        (part in {"", ".", ".."}, "has an empty, `.` or `..` part"),
        (part.startswith("-"), "has a part that begins with a dash, which programs read as an option"),
        (
            _FORBIDDEN.search(part) is not None,
            "holds a backslash, colon, control or other character that some systems forbid",
        ),
        (has_unseen(part) or not _is_text(part), "holds unseen characters"),
        (
            part.endswith((" ", ".")) or part.startswith(" "),
            "has a part that begins or ends with a blank, or ends with a dot",
        ),
        (
            part.casefold() in {".git", "git~1"} or part.casefold().startswith((".git ", ".git:")),
            "has a part that means git's own folder",
        ),
        (_DEVICES.fullmatch(part) is not None, "has a part that means a device on Windows"),
        (len(part.encode("utf-8", "surrogatepass")) > MAX_NAME, f"has a part longer than {MAX_NAME} bytes"),
    )
    return next((reason for bad, reason in tests if bad), "")


def _is_text(part: str) -> bool:
    try:
        part.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
