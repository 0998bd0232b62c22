"""The sections of prose: by the code of an observation, or below a heading; an unknown heading ends a known section."""

import re

from adapter.hl7v2.message import Segment
from adapter.mapping.codes import Key, Systems, fold
from adapter.mapping.narrative_form import NarrativeRows
from adapter.mapping.paths import codings_of
from adapter.mapping.text_lines import Line

_IN_CAPITALS = re.compile(r"[A-ZÄÖÜ][A-ZÄÖÜ /&-]{2,60}(:.*)?")
_WITH_COLON = re.compile(r"[^\W\d_][^:.;,]{1,40}:")


def is_heading(text: str) -> bool:
    """Does a line look like a heading: capitals alone or before a colon, or a few words with nothing behind a colon?"""
    return bool(_IN_CAPITALS.fullmatch(text) or _WITH_COLON.fullmatch(text))


class Sections:
    """The sections that one mapping names."""

    def __init__(self, form: NarrativeRows, systems: Systems) -> None:
        named = form.sections.items()
        self._systems = systems
        self._by_code: dict[Key, str] = {systems.key_of(code): name for name, one in named for code in one.obx}
        self._by_heading = {fold(text.rstrip(":")): name for name, one in named for text in one.headings}

    def of_obx(self, obx: Segment) -> str | None:
        """Turn an observation into the section that its text is as a whole."""
        codings = [coding for coding in codings_of(obx, 3) if coding.code]
        found = (self._by_code.get(self._systems.key(coding.code, coding.system)) for coding in codings)
        return next((name for name in found if name), None)

    def of_heading(self, text: str) -> tuple[str, str] | None:
        """Turn a line that begins with a known heading into its section and what stands behind the colon."""
        name, _, rest = text.partition(":")
        section = self._by_heading.get(fold(name))
        return (section, rest.strip()) if section else None


class Walk:
    """Follows the sections from line to line; prose of one code runs on over its OBX."""

    def __init__(self, sections: Sections) -> None:
        self._sections = sections
        self._section: str | None = None
        self._obx: Segment | None = None

    def enter(self, line: Line) -> tuple[str | None, str]:
        """Turn a line into the section that it stands in and its text there, without blanks and heading."""
        if line.obx is not self._obx:
            runs_on = self._obx is not None and self._obx.field(3) == line.obx.field(3)
            self._section = self._sections.of_obx(line.obx) or (self._section if runs_on else None)
            self._obx = line.obx
        text = line.text.strip()
        begun = self._sections.of_heading(text)
        if begun:
            self._section, text = begun
        return self._section, text

    def leave(self) -> None:
        """End the section: what follows stands under a heading that is not known."""
        self._section = None
