"""A mapping of tables or prose that does not hold together is refused at once, with its line and what to do."""

import pytest
from mapping_messages import SITE, seconds
from narrative_reports import PROSE
from table_reports import TABLE
from test_mapping_loader import LIMIT, faults_of


def in_table(*pairs):
    return changed(TABLE, pairs)


def in_prose(*pairs):
    return changed(PROSE, pairs)


def in_site(*pairs):
    return changed(SITE, pairs)


def changed(text, pairs):
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def pattern(text):
    return in_prose((r"row: 'Lesion (?P<row>[0-9]+) is (?P<call>avid|not avid)\.'", f"row: '{text}'"))


PLACE = "row: 'Lesion (?P<row>[0-9]+): "

WRONG = {
    "separator": (in_table(('";"', '","')), 15, "';', '|', 'tab', 'spaces' or 'fixed'"),
    "separator missing": (in_table(('  separator: ";"\n', "")), 12, "`separator` is missing"),
    "fixed without starts": (in_table(('";"', "fixed")), 12, "`starts` says where"),
    "starts without fixed": (in_table(('";"', '";"\n  starts: [1, 9]')), 12, "`starts` says where"),
    "starts not rising": (in_table(('";"', "fixed\n  starts: [1, 9, 9]")), 12, "each beyond the one before"),
    "starts of no number": (in_table(('";"', "fixed\n  starts: [one]")), 16, "integer"),
    "starts in sixties": (in_table(('";"', "fixed\n  starts: [1:30]")), 16, "integer"),
    "start nowhere": (in_table(('";"', "fixed\n  starts: [0]")), 16, "greater than or equal to 1"),
    "no columns": (TABLE[: TABLE.index("  columns:")] + TABLE[TABLE.index("lesion:") :], 12, "`columns` is missing"),
    "column without name": (in_table(("[Site, Organ]", "[]")), 17, "at least 1"),
    "column a text": (in_table(("[Site, Organ]", "Site")), 17, "lines are needed"),
    "column with another key": (in_table(("size: {names: [Size],", "size: {names: [Size], width: 3,")), 19, "no key"),
    "name of two columns": (in_table(("[Site, Organ]", "[Site, uptake]")), 12, "one name heads two columns"),
    "key that is no column": (in_table(('";"', '";"\n  key: nr')), 12, "`key` is one of the columns"),
    "every column optional": (
        in_table(
            ("[Site, Organ]", "{names: [Site], optional: true}"),
            ("[SUVmax, SUV max]", "{names: [SUVmax], optional: true}"),
            ("[Uptake]", "{names: [Uptake], optional: true}"),
        ),
        12,
        "one of them at least is not optional",
    ),
    "rule on no column": (in_table(("column: where", "column: place")), 23, "there are: where, suv, size, call"),
    "column without rule": (in_table(("  uptake: {column: call}\n", "")), 20, "no rule reads this column"),
    "column of the report": (TABLE + "report: {who_grade: {column: call}}\n", 31, "not of the report"),
    "group in a table": (in_table(("{column: call}", "{group: call}")), 26, "rows of this kind have no group"),
    "obx of a row in a table": (
        in_table(("{column: call}", "{obx: [UPT^^99STE]}")),
        26,
        "has no OBX of its own: write `column`",
    ),
    "component of a row in a table": (
        in_table(("{column: call}", "{component: {obx: [UPT^^99STE], number: 1}}")),
        26,
        "has no OBX of its own: write `column`",
    ),
    "table read as a fact as well": (
        TABLE + "report: {who_grade: {obx: [TAB^^99STE]}}\n",
        31,
        "the text of this OBX holds the rows",
    ),
    "table left unread": (TABLE + "narrative: {obx: [TAB^^99STE]}\n", 31, "it cannot be left unread"),
    "empty word with a meaning": (
        in_table(('";"', '";"\n  empty: [liv]')),
        16,
        "a table of this mapping gives this word a meaning",
    ),
    "unit of a column": (in_table(("names: [Size],", "names: [Size], unit: g/mL,")), 19, "expects mm"),
    "unit of a column of suvs": (
        in_table(("[SUVmax, SUV max]", "{names: [SUVmax], unit: mm}")),
        18,
        "expects g/mL",
    ),
    "column elsewhere": (in_site(("{obx: [SUVMAX^^99STE],", "{column: suv,")), 15, "kind obx-table"),
    "two sources": (in_table(("{column: call}", "{column: call, const: positive}")), 26, "column and const"),
    "review missing": (in_prose(("  review: always\n", "")), 12, "`review` is missing"),
    "review never": (in_prose(("review: always", "review: never")), 14, "'always'"),
    "review no": (in_prose(("review: always", "review: no")), 14, "'always'"),
    "no sections": (
        in_prose(
            ('    findings: {headings: [FINDINGS, "BEFUND:"]}\n', ""),
            ("    impression: {obx: [IMP^^L], headings: [IMPRESSION]}\n", ""),
            ("    technique: {headings: [TECHNIQUE]}\n", ""),
        ),
        16,
        "lines are needed",
    ),
    "section that cannot be found": (in_prose(("{headings: [TECHNIQUE]}", "{}")), 19, "`obx` or by `headings`"),
    "heading of two sections": (in_prose(("[TECHNIQUE]", "[findings]")), 12, "one heading begins two sections"),
    "headings without text": (
        in_prose(("  obx: [GDT^^L]\n", ""), ("obx: [IMP^^L], ", "")),
        12,
        "no OBX holds the text",
    ),
    "pattern of no section": (
        in_prose(("- sections: [findings]", "- sections: [finding]")),
        12,
        "a section that is not",
    ),
    "pattern of two levels": (
        in_prose(("- report: '(?P<none>", "- row: 'x'\n      report: '(?P<none>")),
        26,
        "exactly one",
    ),
    "pattern of no level": (in_prose(("- report: '(?P<none>No tumour uptake)\\.'", "- {}")), 26, "exactly one"),
    "group that no pattern has": (in_prose(("group: where,", "group: place,")), 34, "there are: call, row, suv, where"),
    "group of the report that no pattern has": (in_prose(("group: none,", "group: call,")), 31, "there are: all, none"),
    "group without rule": (
        in_prose(("  uptake: {group: call, lookup: calls}\n", "")),
        21,
        "no rule reads its group call",
    ),
    "rows named and not named": (in_prose((PLACE, "row: 'Lesion: ")), 20, "each pattern of a row has a group"),
    "row of the report": (in_prose(("(?P<all>All", "(?P<row>x)(?P<all>All")), 20, "the group row names a row"),
    "column in prose": (in_prose(("{group: call,", "{column: call,")), 36, "rows of this kind have no column"),
    "obx of a row in prose": (in_prose(("{group: call,", "{obx: [A^^L],")), 36, "no OBX of its own: write `group`"),
    "prose left unread": (PROSE + "narrative: {obx: [IMP^^L]}\n", 44, "it cannot be left unread"),
    "group without name": (pattern("(?P<row>[0-9]+) (avid)"), 24, "write (?:...)"),
    "group twice": (pattern("(?P<row>[0-9]+) (?P<row>x)"), 24, "(?P<name>...)"),
    "thirteen groups": (pattern("".join(f"(?P<g{n}>x)" for n in range(13))), 24, "at most 12"),
    "empty pattern": (pattern(""), 24, "at least 1"),
    "pattern with a back-reference": (pattern(r"(?P<row>a)\1"), 24, "RE2 does not take"),
    "pattern with a look-behind": (pattern("(?<=a)(?P<row>b)"), 24, "RE2 does not take"),
    "pattern with a recursion": (pattern("(?P<row>a)(?R)"), 24, "RE2 does not take"),
    "pattern with a comment that hides": (pattern("(?#x)(?P<row>b)"), 24, "RE2 does not take"),
    "every letter there is": (pattern(r"(?P<row>\pL+)(?P<call>\pL+)"), 24, "too dear"),
    "thousandfold repeat": (pattern("(?P<row>x).{0,1000}"), 24, "too dear"),
    "nested repeats": (pattern("(?P<row>((a{30}){30}){30})"), 24, "RE2 does not take"),
    "many words of any length": (pattern("(?P<row>x)" + "(?:a.{0,20})" * 8), 24, "too dear"),
    "pattern of a thousand characters": (pattern("(?P<row>x)" + "a?" * 600), 24, "at most 500"),
    "evil negation": (in_prose(("\\bresolved\\b", "(?:.{1,200}){2}b")), 27, "too dear"),
    "negation a text": (in_prose(("['\\bno evidence of\\b', '\\bresolved\\b']", "resolved")), 27, "a list is needed"),
    "forty-one patterns": (
        in_prose(("    - report: '(?P<none>", "    - row: 'y(?P<row>x)'\n" * 41 + "    - report: '(?P<none>")),
        20,
        "at most 40",
    ),
    "octal parts": (in_site(("{parts: 1}", "{parts: 010}")), 12, "less than or equal to 8"),
    "sexagesimal parts": (in_site(("{parts: 1}", "{parts: 1:30}")), 12, "integer"),
    "on for true": (in_site(("required: true}\n  suv", "required: on}\n  suv")), 14, "valid boolean"),
    "no for false": (in_site(("required: true}\n  suv", "required: no}\n  suv")), 14, "valid boolean"),
    "kind of no rows": (in_table(("obx-table", "table")), 12, "obx-table"),
    "rows without kind": (in_table(("  kind: obx-table\n", "")), 12, "kind"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_at_once_with_line_and_cure(name):
    text, line, said = WRONG[name]

    everything = faults_of(text.encode())
    faults = [fault for fault in everything if said in fault.text]
    assert faults, everything
    assert (faults[0].line, faults[0].column > 0) == (line, True)
    assert seconds(lambda: faults_of(text.encode())) < LIMIT
