"""What a draft recognises: codes of known systems for sure, words of a few languages as a proposal to be checked."""

from dataclasses import dataclass
from typing import Any

from adapter.fhir.terminology import SITES
from adapter.mapping.codes import OUR_SYSTEM, Key, Systems, fold
from adapter.mapping.drafting_survey import Coding
from adapter.mapping.rules import compiled
from adapter.scoring.tracers import canonical_tracer

_SYSTEMS = Systems()


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a code or a value was taken for; ``is_sure``: by a code of a known system, else by its words alone."""

    word: str
    is_sure: bool


def _keys(*references: str) -> list[Key]:
    return [_SYSTEMS.key_of(reference) for reference in references]


_FACTS_BY_CODE: dict[Key, str] = dict(
    zip(
        _keys(
            "123001^^DCM",
            "112039^^DCM",
            "112040^^DCM",
            "363698007^^SCT",
            "272741003^^SCT",
            "103339001^^SCT",
            "29593-1^^LN",
            *(f"12640{digit}^^DCM" for digit in range(1, 7)),
        ),
        (
            "tracer",
            "tracking_id",
            "tracking_uid",
            "site",
            "laterality",
            "size_mm",
            "ki67",
            *("suv" for _ in range(6)),
        ),
        strict=True,
    )
)

SUV_TYPES = {
    "126401": "SUVbw",
    "126402": "SUVlbm",
    "126403": "SUVbsa",
    "126404": "SUVibw",
    "126405": "SUVlbm(Janma)",
    "126406": "SUVlbm(James128)",
}
"""DICOM's codes of an SUV's normalisation."""

_OURS = {
    "lesions-complete": "lesions_complete",
    "no-tumour-uptake": "no_tumour_uptake",
    "intervening-therapy": "therapy",
    "reader-grade": "reader_grade",
    "liver-suv": "liver_suv",
    "spleen-suv": "spleen_suv",
    "blood-pool-suv": "blood_pool_suv",
    "extent": "extent",
    "primary-site": "primary_site",
    "who-grade": "who_grade",
    "uptake": "uptake",
    "krenning": "krenning",
    "relative-uptake": "relation",
    "nature": "nature",
    "lesion-count": "count",
    "paired": "paired",
    "in-field": "in_field",
}
"""The project's own codes (docs/formats.md) and the facts that they are."""

_FACTS_BY_CODE |= {_SYSTEMS.key(code, OUR_SYSTEM): fact for code, fact in _OURS.items()}

Patterns = tuple[tuple[str, Any], ...]


def _patterns(**words: str) -> Patterns:
    return tuple((name, compiled(pattern)) for name, pattern in words.items())


_FACT_WORDS = _patterns(
    liver_suv=r"(liver|leber|foie).*suv|suv.*(liver|leber|foie)",
    spleen_suv=r"(spleen|milz|rate).*suv|suv.*(spleen|milz)",
    blood_pool_suv=r"(blood ?pool|blutpool).*suv|suv.*(blood ?pool|blutpool)",
    krenning=r"krenning",
    sstr_rads=r"sstr-?rads",
    relation=r"(fdg|sstr).*(compar|relat|vergl|against|versus|vs)|relative.*uptake|mismatch",
    suv=r"suv",
    ki67=r"ki-?67|mib-?1",
    reader_grade=r"netpet",
    who_grade=r"(who|tumou?r).*grad",
    primary_site=r"prim(ary|ärtumou?r|är)",
    extent=r"extent|ausdehnung|stage",
    therapy=r"therap|prrt|treatment|behandlung",
    lesions_complete=r"(all|alle).*(lesion|listed|herde|läsion)|complete",
    no_tumour_uptake=r"no .*uptake|kein.*(uptake|speicherung)",
    tracer=r"tracer|radiopharm|radioph|nuklid|radionuclide",
    laterality=r"side|lateral|seite",
    size_mm=r"size|diameter|axis|größe|groesse|durchmesser|taille|diamètre",
    count=r"count|number of|anzahl|nombre",
    paired=r"paired|one to one",
    in_field=r"field of view|in[ -]?field|fov",
    nature=r"class|dignit|nature|malign|characteri|beurteilung",
    tracking_uid=r"\buid\b",
    tracking_id=r"(lesion|finding|herd|läsion|target).*(id|name|nr|no|number|label)\b|tracking|\blesid",
    site=r"site|location|localis|localiz|lokalisation|region|organ|anatom|\bort\b|siège",
    uptake=r"uptake|speicherung|anreicherung|avid|visual|captation",
)
"""Facts by the words of a code's text, tried in this order: the liver's SUV before any SUV."""

_SITE_WORDS = _patterns(
    **{
        "279795009": r"mesenter.*(node|lymph|lk)|(lymph|lk).*mesenter",
        "62683002": r"mediast.*(node|lymph|lk)|(lymph|lk).*mediast",
        "91394001": r"retroperit.*(node|lymph|lk)|(lymph|lk).*retroperit",
        "76838003": r"supraclav.*(node|lymph|lk)|(lymph|lk).*supraclav|supraklav",
        "59441001": r"lymph|\bnode|\blk\b|ganglion",
        "10200004": r"liver|leber|hepat|foie|\bliv\b",
        "15776009": r"pancrea|pankrea|bauchspeichel|\bpanc\b",
        "39607008": r"lung|pulmo|poumon",
        "272673000": r"bone|knochen|osse|skelet|\bos\b",
        "15425007": r"periton",
        "69695003": r"stomach|magen|gastr|estomac",
        "38848004": r"duoden",
        "34516001": r"ileum|ileal",
        "30315005": r"small (intestine|bowel)|dünndarm|jejun",
        "66754008": r"append",
        "34402009": r"rectum|rektum|rectal",
        "71854001": r"colon|kolon|dickdarm",
        "9875009": r"thymus",
        "15497006": r"ovar|eierst",
        "72410000": r"mediast",
        "78961009": r"spleen|milz|splen|\brate\b",
    }
)

_SIDE_WORDS = _patterns(
    **{
        "51440002": r"bilat|both|beid",
        "24028007": r"^r[et]?\b|right|recht|droit",
        "7771000": r"^l[it]?\b|left|link|gauche",
    }
)

_YES_NO = _patterns(yes=r"^(y|yes|j|ja|oui|true|1)\b", no=r"^(n|no|nein|non|false|0)\b")

_VALUE_WORDS: dict[str, Patterns] = {
    "site": _SITE_WORDS,
    "primary_site": _SITE_WORDS,
    "laterality": _SIDE_WORDS,
    "uptake": _patterns(
        **{
            "not-evaluable": r"not eval|nicht beurteil|\bne\b",
            "equivocal": r"equiv|fraglich|unklar|indeterm|\beq\b",
            "negative": r"neg|^-$|kein|absent|none",
            "positive": r"pos|^\+$|present|avid|intens",
        }
    ),
    "nature": _patterns(
        **{
            "not-tumour": r"benign|physiol|phys\b|inflam|entzünd|no[tn]? tumou?r",
            "uncertain": r"uncert|equiv|indet|unklar|fraglich|\beq\b",
            "tumour": r"malig|\bmal\b|tumou?r|metast|\bmet\b",
        }
    ),
    "relation": _patterns(
        **{
            "fdg-lower": r"low|less|gering|schwäch|<",
            "fdg-equal": r"equal|same|gleich|=",
            "fdg-higher": r"high|great|more|höher|stärk|>",
        }
    ),
    "count": _patterns(
        **{
            ">=3": r"numerous|innumer|diffuse|zahlreich|unzähl",
            ">=2": r"multip|several|mehrere|plusieurs",
            "2": r"^(two|zwei|deux)\b",
            "1": r"^(one|ein|single|solit|une?)",
        }
    ),
    "extent": _patterns(metastatic=r"metast", unresectable=r"unresect|inoperab", localised=r"locali|lokal"),
    **dict.fromkeys(("lesions_complete", "no_tumour_uptake", "therapy", "paired", "in_field"), _YES_NO),
}

_TRACER_WORDS = _patterns(
    **{
        "177Lu-DOTATATE": r"(177|lu).*dotatate",
        "64Cu-DOTATATE": r"(64|cu).*dotatate",
        "68Ga-DOTATATE": r"dotatate",
        "68Ga-DOTATOC": r"dotatoc|edotreotid",
        "68Ga-DOTANOC": r"dotanoc",
        "68Ga-SiTATE": r"sitate",
        "18F-AlF-NOTA-octreotide": r"nota-?octreotid",
        "18F-FDG": r"fdg|fluorodeoxyglucose|desoxyglukose",
    }
)

_VALUES_BY_CODE: dict[str, dict[Key, str]] = {
    "site": {_SYSTEMS.key(code, "SCT"): code for code in SITES},
    "primary_site": {_SYSTEMS.key(code, "SCT"): code for code in SITES},
    "laterality": {_SYSTEMS.key(code, "SCT"): code for code in ("24028007", "7771000", "51440002")},
    "uptake": {
        _SYSTEMS.key("10828004", "SCT"): "positive",
        _SYSTEMS.key("260385009", "SCT"): "negative",
        _SYSTEMS.key("42425007", "SCT"): "equivocal",
    },
    "tracer": {
        _SYSTEMS.key("35321007", "SCT"): "18F-FDG",
        _SYSTEMS.key("724025002", "SCT"): "68Ga-DOTATATE",
        _SYSTEMS.key("C2713594", "UMLS"): "68Ga-DOTATOC",
        _SYSTEMS.key("781259000", "SCT"): "177Lu-DOTATATE",
    },
}


def is_known_system(system: str) -> bool:
    """Is it one of the coding systems that every mapping knows?"""
    return bool(system) and _SYSTEMS.system(system) in set(map(_SYSTEMS.system, ("SCT", "LN", "DCM", "UMLS", "UCUM")))


def recognised_fact(coding: Coding) -> Recognised | None:
    """Turn an OBX-3 code into the fact that it seems to be, or None."""
    known = _FACTS_BY_CODE.get(_SYSTEMS.key(coding.code, coding.system)) if coding.code else None
    return Recognised(known, is_sure=True) if known else _by_words(_FACT_WORDS, coding)


def recognised_value(fact: str, coding: Coding) -> Recognised | None:
    """Turn a value of a fact into the content model's word for it, or None."""
    known = _VALUES_BY_CODE.get(fact, {}).get(_SYSTEMS.key(coding.code, coding.system)) if coding.code else None
    if known:
        return Recognised(known, is_sure=True)
    if fact == "tracer":
        return recognised_tracer(coding)
    return _by_words(_VALUE_WORDS.get(fact, ()), coding)


def recognised_tracer(coding: Coding) -> Recognised | None:
    """Turn a procedure or a tracer's name into a tracer: by its own name, else by words in it."""
    named = next((name for name in map(canonical_tracer, (coding.code, coding.text)) if name), None)
    return Recognised(named, is_sure=True) if named else _by_words(_TRACER_WORDS, coding)


def has_words(fact: str) -> bool:
    """Is the fact one whose values are codes or words, to be translated by a table?"""
    return fact == "tracer" or fact in _VALUE_WORDS


def _by_words(patterns: Patterns, coding: Coding) -> Recognised | None:
    """By the text first: a code may be an abbreviation of something else."""
    for words in (fold(coding.text), fold(coding.code)):
        for name, pattern in patterns:
            if words and pattern.search(words):
                return Recognised(name, is_sure=False)
    return None
