"""Every departure from the standard that is tolerated, as a closed list: tolerated, shown, never silent."""

from enum import Enum


class Deviation(Enum):
    """One kind of departure; the value is its stable code, as lists, pages and counters show it."""

    JUNK_SKIPPED = "junk-skipped"
    EMPTY_BLOCK = "empty-block"
    START_MISSING = "start-of-block-missing"
    END_WITHOUT_CR = "end-of-block-without-cr"
    BYTE_ORDER_MARK = "byte-order-mark"
    LEADING_WHITESPACE = "leading-whitespace"
    LF_SEGMENT_END = "lf-segment-end"
    LF_IN_FIELD = "lf-in-field"
    LINE_WITHOUT_ID = "line-without-segment-id"
    INDENTED_SEGMENT = "segment-indented"
    LOWER_CASE_ID = "segment-id-lower-case"
    UNKNOWN_SEGMENT = "segment-unknown-in-version"
    LOCAL_SEGMENT = "segment-local"
    EXTRA_FIELDS = "fields-beyond-the-segment"
    ENCODING_CHARACTERS = "encoding-characters-unusual"
    VERSION_MISSING = "version-missing"
    VERSION_UNKNOWN = "version-unknown"
    ESCAPE_KEPT = "escape-character-kept"
    CHARACTER_SET_UNDECLARED = "character-set-undeclared"
    CHARACTER_SET_UNKNOWN = "character-set-unknown"
    CHARACTER_SET_DIFFERS = "character-set-differs"
    CHARACTER_SETS_SEVERAL = "character-sets-several"
    REPLACEMENT_AS_SENT = "replacement-character-as-sent"
    PID_MISSING = "pid-missing"
    OBX_BEFORE_OBR = "obx-before-obr"
    OBX_AFTER_SPM = "obx-after-spm"
    ORC_AFTER_OBR = "orc-after-obr"
    OBR_MISSING = "obr-missing"
    BATCH_UNWRAPPED = "several-messages-in-one-block"
    BATCH_TRAILER_MISSING = "batch-trailer-missing"
    BATCH_STRAY_SEGMENT = "batch-stray-segment"

    def note(self, detail: str = "") -> str:
        """Turn the kind into the line of a deviations list; ``detail`` is a count, a place or a name, never a value."""
        return f"{self.value}: {detail}" if detail else self.value
