"""JSON for machines that people read too: characters that hide, or turn the direction of a text, are written as escapes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

_UNSEEN: Final = re.compile(
    "[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control and format characters (Unicode categories Cc and Cf) that JSON lets pass as they are."""


def json_text(value: Any, *, default: Callable[[Any], Any] | None = None) -> str:
    """Return a value as indented JSON, with a final line feed."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=default)
    return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n"
