"""A mapping file is text and nothing else; what could mean two things, or cost too much, is refused with its place."""

import pytest
from mapping_messages import MAPPINGS, SITE, seconds

from adapter.mapping.errors import MappingFault, MappingFileError
from adapter.mapping.loader import read_tree
from adapter.mapping.site_mapping import site_mapping

LIMIT = 0.05
"""Seconds in which a hostile file must be refused."""


def faults_of(content):
    with pytest.raises(MappingFileError) as caught:
        site_mapping(content, "m.yaml")
    return caught.value.faults


def tree(text):
    return read_tree(text if isinstance(text, bytes) else text.encode(), "m.yaml").root


@pytest.mark.parametrize(
    "text", ["on", "no", "010", "1:30", "2026-10-02", "null", "~", "1e3", ".inf", "0x10", "1_000", "true", "y", "="]
)
def test_every_value_stays_the_text_that_was_written(text):
    assert tree(f"{text}: {text}") == {text: text}


def test_quoted_folded_and_literal_text_is_text():
    assert tree("a: '1'\nb: \"x\\ty\"\nc: |\n  one\n  two\nd: >\n  one\n  two\ne:\n") == {
        "a": "1",
        "b": "x\ty",
        "c": "one\ntwo\n",
        "d": "one two\n",
        "e": "",
    }


def test_lists_and_nested_keys_keep_their_order():
    assert tree("b: [x, {y: z}]\na:\n  - 1\n") == {"b": ["x", {"y": "z"}], "a": ["1"]}


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert tree("\ufeffa: b") == {"a": "b"}


def test_a_fault_stands_at_its_node_or_the_nearest_above_it():
    loaded = read_tree(b"a:\n  b: [x,\n   y]\n", "m.yaml")

    assert loaded.fault(("a", "b", 1), "") == MappingFault("m.yaml", 3, 4, "")
    assert loaded.fault(("a", "b", 7, "z"), "") == MappingFault("m.yaml", 2, 3, "")
    assert loaded.fault(("q",), "") == MappingFault("m.yaml", 1, 1, "")


def nested(opening, closing, depth):
    return f"a: {opening * depth}{closing * depth}"


BOMB = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n"

HOSTILE = {
    "alias bomb": (BOMB, 1, 4, "anchors"),
    "anchor": ("a: b\nc: &x d\n", 2, 4, "anchors"),
    "anchored key": ("&x a: b\n", 1, 1, "anchors"),
    "anchored root": ("&x\na: b\n", 1, 1, "anchors"),
    "alias": ("a: *x\n", 1, 4, "anchors"),
    "alias as key": ("*x : b\n", 1, 1, "a key must be plain text"),
    "merge key": ("a: b\n<<: {c: d}\n", 2, 1, "merge keys"),
    "python object": ("a: !!python/object/apply:os.system [id]\n", 1, 4, "tags"),
    "local tag": ("a:\n  - !x y\n", 2, 5, "tags"),
    "integer tag": ("a: !!int 1\n", 1, 4, "tags"),
    "binary tag": ("a: !!binary aGk=\n", 1, 4, "tags"),
    "bare tag": ("a: ! b\n", 1, 4, "tags"),
    "tagged root": ("!!map\na: b\n", 1, 1, "tags"),
    "yaml directive": ("%YAML 1.1\n---\na: b\n", 1, 1, "directives"),
    "tag directive": ("%TAG ! tag:x,2026:\n---\na: b\n", 1, 1, "directives"),
    "duplicate key": ("a: b\nc: d\na: e\n", 3, 1, "a second time"),
    "duplicate key in another spelling": ("a:\n  x: 1\n  'x': 2\n", 3, 3, "a second time"),
    "list as key": ("? [a, b]\n: c\n", 1, 3, "a key must be plain text"),
    "mapping as key": ("{a: b}: c\n", 1, 1, "a key must be plain text"),
    "two documents": ("a: b\n---\nc: d\n", 2, 1, "second document"),
    "empty file": ("", 1, 1, "empty"),
    "comments alone": ("# nothing\n", 2, 1, "empty"),
    "list as root": ("- a\n", 1, 1, "`key: value` lines"),
    "text as root": ("schema\n", 1, 1, "`key: value` lines"),
    "unclosed bracket": ("a: [b, c\n", 2, 1, "not YAML"),
    "unclosed quote": ('a: "b\n', 2, 1, "not YAML"),
    "tab as indentation": ("a:\n\tb: c\n", 2, 1, "not YAML"),
    "two colons": ("a: b: c\n", 1, 5, "not YAML"),
    "nul": ("a: b\x00\n", 1, 5, "an invisible character"),
    "escape character": ("a: b\nc: \x1b[31m\n", 2, 4, "an invisible character"),
    "right to left override": ("a: b\u202ec\n", 1, 5, "an invisible character"),
    "zero width space": ("a\u200b: b\n", 1, 2, "an invisible character"),
    "latin-1": ("a: b\nc: Köln\n".encode("latin-1"), 2, 5, "not UTF-8"),
    "utf-16": ("a: b\n".encode("utf-16"), 1, 1, "not UTF-8"),
    "deep list": (nested("[", "]", 100), 1, 20, "nested deeper"),
    "very deep list": (nested("[", "]", 120_000), 1, 20, "nested deeper"),
    "very deep keys": ("{a: " * 60_000, 1, 69, "nested deeper"),
    "deep block": ("- " * 100_000, 1, 1, "`key: value` lines"),
    "deep block below a key": ("a:\n " + "- " * 100_000, 2, 34, "nested deeper"),
    "many values": ("a: [" + "b," * 100_000 + "]", 1, 9999, "more than"),
    "many keys": ("".join(f"k{index}: v\n" for index in range(20_000)), 2500, 8, "more than"),
    "one megabyte": ("a: " + "b" * (1 << 20), 0, 0, "larger than 256 KB"),
    "one megabyte of lines": ("a: b\n" * (1 << 18), 0, 0, "larger than 256 KB"),
    "one long text": ("schema: " + "x" * 250_000, 1, 1, "netpet-mapping/1"),
    "many empty lines": ("\n" * 250_000, 250_001, 1, "empty"),
    "many open quotes": ("a: '" + "''" * 120_000, 1, 240005, "not YAML"),
    "many anchors": ("".join(f"a{index}: &x{index} y\n" for index in range(12_000)), 1, 5, "anchors"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once_with_line_column_and_reason(name):
    text, line, column, said = HOSTILE[name]
    content = text if isinstance(text, bytes) else text.encode()

    fault = faults_of(content)[0]
    assert (fault.file, fault.line, fault.column) == ("m.yaml", line, column)
    assert said in fault.text
    assert seconds(lambda: faults_of(content)) < LIMIT


def rule(text):
    return SITE.replace("{obx: [SUVMAX^^99STE], unit: g/mL}", text)


def pattern(text):
    return SITE.replace("key: {parts: 1}", f"key: {{pattern: '{text}'}}")


WRONG = {
    "no schema": (SITE.replace("schema: netpet-mapping/1\n", ""), 1, "the key `schema` is missing"),
    "another schema": (SITE.replace("mapping/1", "mapping/2"), 1, "netpet-mapping/1"),
    "unknown key": (SITE + "colour: red\n", 21, "no key `colour`"),
    "unknown fact": (SITE.replace("  suv:", "  suw:"), 15, "no key `suw`"),
    "unknown key of a rule": (rule("{obx: [A^^B], unit: g/mL, eval: 1+1}"), 15, "no key `eval`"),
    "status": (SITE.replace("status: active", "status: live"), 4, "'draft', 'active' or 'retired'"),
    "version": (SITE.replace("1.2.0", "1.2"), 3, "pattern"),
    "id": (SITE.replace("id: st-elsewhere", "id: St Elsewhere"), 2, "pattern"),
    "id a list": (SITE.replace("id: st-elsewhere", "id: [a]"), 2, "text is needed"),
    "approval a text": (SITE.replace('{by: "Dr A. Reader", on: "2026-10-02", ticket: CHG0042}', "yes"), 6, "lines"),
    "approval on no day": (SITE.replace("2026-10-02", "2026-13-02"), 6, "month"),
    "approval on no date": (SITE.replace("2026-10-02", "2 October"), 6, "pattern"),
    "active without approval": (SITE.replace("approval:", "# approval:"), 4, "needs `approval`"),
    "match nothing": (SITE.replace("[{path: MSH-4.1, in: [STELSE]}]", "[]"), 7, "at least 1"),
    "match a text": (SITE.replace("[{path: MSH-4.1, in: [STELSE]}]", "MSH"), 7, "a list is needed"),
    "path": (SITE.replace("path: MSH-4.1", "path: MSH.4.1"), 7, "pattern"),
    "code in a component": (SITE.replace("in: [STELSE]", "in: [A^^B]"), 7, "the whole field"),
    "code without system": (SITE.replace("MSH-4.1, in: [STELSE]", "OBR-4, in: [A^B]"), 7, "code^text^system"),
    "zone": (SITE.replace("Europe/Berlin", "Europe/Atlantis"), 10, "IANA time zone"),
    "zone as a path": (SITE.replace("Europe/Berlin", "../../etc/passwd"), 10, "IANA time zone"),
    "two sources": (rule("{obx: [A^^B], const: x, unit: g/mL}"), 15, "obx and const"),
    "no source": (rule("{unit: g/mL}"), 15, "this one has none"),
    "rule a text": (rule("SUVMAX"), 15, "a list is needed"),
    "obx a text": (rule("{obx: SUVMAX, unit: g/mL}"), 15, "a list is needed"),
    "obx empty": (rule("{obx: [], unit: g/mL}"), 15, "at least 1"),
    "code with two parts": (rule("{obx: [SUVMAX^99STE], unit: g/mL}"), 15, "code^text^system"),
    "code empty": (rule("{obx: [^^99STE], unit: g/mL}"), 15, "code^text^system"),
    "no unit": (rule("{obx: [A^^B]}"), 15, "an SUV needs its `unit`"),
    "foreign unit": (rule("{obx: [A^^B], unit: kBq/mL}"), 15, "does not fit the fact"),
    "unit of a text": (SITE.replace("lookup: sites,", "unit: mm,"), 16, "this fact has no unit"),
    "unit of another normalisation": (rule("{obx: [A^^B], unit: 'g/mL{SUVlbm}'}"), 15, "another normalisation"),
    "suv type": (rule("{obx: [A^^B], unit: g/mL, type: SUVxx}"), 15, "SUVbw"),
    "suv fixed": (rule("{const: '8', unit: g/mL}"), 15, "never fixed"),
    "table of an suv": (rule("{obx: [A^^B], unit: g/mL, lookup: sites}"), 15, "delete the table"),
    "decimal": (rule("{obx: [A^^B], unit: g/mL, decimal: ';'}"), 15, "'.' or ','"),
    "required": (rule("{obx: [A^^B], unit: g/mL, required: 1:30}"), 15, "valid boolean"),
    "component zero": (rule("{component: {obx: [A^^B], number: 0}, unit: g/mL}"), 15, "greater than or equal"),
    "obx as a field": (rule("{field: OBX-5, unit: g/mL}"), 15, "write `obx`"),
    "unknown group": (rule("{group: where, unit: g/mL}"), 15, "no such group; it has: row"),
    "group of the report": (SITE + "report: {who_grade: {group: row}}\n", 21, "only a lesion's facts"),
    "obx condition of a field": (
        SITE + "report: {who_grade: {field: OBR-13, when: {OBX-3: [x]}}}\n",
        21,
        "only a rule that reads an OBX",
    ),
    "when code": (rule("{obx: [A^^B], unit: g/mL, when: {OBR-4.1: [A^^B]}}"), 15, "the whole field"),
    "missing table": (SITE.replace("lookup: sites", "lookup: places"), 16, "no such table; there are: tracers, nature"),
    "word": (SITE.replace("MAL: tumour", "MAL: malignant"), 19, "it is one of: tumour, uncertain, not-tumour"),
    "tracer": (SITE.replace("18F-FDG", "18F-FGD"), 18, "a radiopharmaceutical that scoring knows"),
    "tracer without table": (
        SITE.replace("{field: OBR-4, lookup: tracers, required: true}", "{field: OBR-4}"),
        11,
        "add `lookup`",
    ),
    "otherwise without table": (SITE.replace("lookup: sites, unmapped: flag", 'otherwise: "1"'), 16, "add `lookup`"),
    "otherwise": (SITE.replace("lookup: nature,", "lookup: nature, otherwise: benign,"), 14, "it is one of"),
    "const": (
        SITE.replace("{obx: [LESCLASS^^99STE], lookup: nature, required: true}", "{const: tumor}"),
        14,
        "it is one of",
    ),
    "const with table": (
        SITE.replace("obx: [LESSITE^^99STE], lookup: sites", "const: x, lookup: sites"),
        16,
        "delete the table",
    ),
    "nature not said": (SITE.replace("lookup: nature, required: true", "lookup: nature"), 14, "say what a row is"),
    "nature only sometimes": (
        SITE.replace(
            "{obx: [LESCLASS^^99STE], lookup: nature, required: true}", "{const: tumour, when: {OBR-4.1: [A]}}"
        ),
        14,
        "say what a row is",
    ),
    "nature without rule": (
        SITE.replace("  nature: {obx: [LESCLASS^^99STE], lookup: nature, required: true}\n", ""),
        13,
        "nature",
    ),
    "nature never not-tumour": (SITE.replace("required: true}\n  suv", "absent: not-tumour}\n  suv"), 14, "uncertain"),
    "same code twice": (SITE.replace("{MAL: tumour", "{MAL: tumour, mal: uncertain"), 19, "the same code"),
    "list entry twice": (SITE.replace('{LIV: "10200004", NODE: "59441001"}', "[a, a]"), 20, "a second time"),
    "table empty": (SITE.replace('{LIV: "10200004", NODE: "59441001"}', "{}"), 20, "at least 1"),
    "table a text": (SITE.replace('{LIV: "10200004", NODE: "59441001"}', "liver"), 20, "lines are needed"),
    "unit unknown": (SITE + "units: {inch: [in]}\n", 21, "a unit is one of"),
    "unit that is another": (SITE + "units: {mm: [millimetre, cm]}\n", 21, "another unit"),
    "unit that is no suv": (SITE + "units: {g/mL: [kBq/mL]}\n", 21, "another unit"),
    "row key of two kinds": (SITE.replace("{parts: 1}", "{parts: 1, og: group}"), 12, "exactly one of"),
    "row key of no kind": (SITE.replace("{parts: 1}", "{}"), 12, "exactly one of"),
    "row kind": (SITE.replace("obx-subid", "magic"), 12, "obx-subid"),
    "pattern without row": (pattern("^(?P<n>[0-9]+)$"), 12, "a group named row"),
    "pattern with a back-reference": (pattern(r"(?P<row>a)\1"), 12, "RE2 does not take"),
    "pattern with a look-ahead": (pattern("(?=a)(?P<row>b)"), 12, "RE2 does not take"),
    "pattern not closed": (pattern("(?P<row>a"), 12, "RE2 does not take"),
    "pattern too large": (pattern(r"(?P<row>\pL{900}\pL{900})"), 12, "RE2 does not take"),
    "pattern repeated too often": (pattern("(?P<row>((a{100}){100}){100})"), 12, "RE2 does not take"),
    "pattern too long": (pattern("(?P<row>" + "(a|b)*" * 5000 + ")"), 12, "at most 200"),
    "status elsewhere": (SITE.replace("  zone:", "  status: {field: ORC-5}\n  zone:"), 10, "needs a `lookup`"),
    "status word": (
        SITE.replace("  zone:", "  status: {field: ORC-5, lookup: nature}\n  zone:"),
        20,
        "it is one of: registered",
    ),
    "cut-off unsigned": (SITE + 'suv_cutoffs: {fdg: {value: "2.5"}}\n', 21, "`signed_by` is missing"),
    "cut-off no number": (SITE + "suv_cutoffs: {fdg: {value: high, signed_by: Dr A}}\n", 21, "pattern"),
    "doubt": (SITE + "doubts: {unknown_code: guess}\n", 21, "'flag' or 'hold'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_at_once_with_line_and_cure(name):
    text, line, said = WRONG[name]
    content = text.encode()

    everything = faults_of(content)
    faults = [fault for fault in everything if said in fault.text]
    assert faults, everything
    assert faults[0].line == line
    assert faults[0].column > 0
    assert seconds(lambda: faults_of(content)) < LIMIT


def test_all_faults_of_a_file_are_named_at_once_and_a_broken_file_not_without_end():
    text = SITE.replace("active", "live").replace("1.2.0", "1").replace("parts: 1", "parts: many")
    many = SITE + "".join(f"key{index}: x\n" for index in range(50))

    with pytest.raises(MappingFileError) as three:
        site_mapping(text.encode(), "m.yaml")
    with pytest.raises(MappingFileError) as fifty:
        site_mapping(many.encode(), "m.yaml")

    assert [fault.line for fault in three.value.faults] == [3, 4, 12]
    assert str(three.value).count("\n") == 2
    assert len(fifty.value.faults) == 50
    assert str(fifty.value).endswith("and 30 more faults")


def test_every_shipped_mapping_loads_in_under_50_ms():
    content = (MAPPINGS / "canonical.yaml").read_bytes()

    assert seconds(lambda: site_mapping(content, "canonical.yaml")) < LIMIT
