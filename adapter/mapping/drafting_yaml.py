"""Text as a mapping file writes it: plain where that is one reading alone, else in double quotes."""

import json
import re
from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./^+() -]*(?<! )")
_LOOKS_LIKE_ANOTHER_TYPE = re.compile(r"[0-9.+-]+|y|n|yes|no|on|off|true|false|null|~", re.IGNORECASE)


def quoted(text: str) -> str:
    """Turn a text into a YAML scalar; what other readers of YAML would take for a number or a truth is quoted."""
    if _PLAIN.fullmatch(text) and not _LOOKS_LIKE_ANOTHER_TYPE.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def listed(texts: Iterable[str]) -> str:
    """Turn texts into a list in one line."""
    return f"[{', '.join(map(quoted, texts))}]"


def inline(parts: Mapping[str, str]) -> str:
    """Turn keys and values, written already, into a mapping in one line."""
    return f"{{{', '.join(f'{key}: {text}' for key, text in parts.items())}}}"
