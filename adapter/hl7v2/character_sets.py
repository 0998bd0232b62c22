"""The names that senders give to character sets in MSH-18 (table 0211, DICOM's, the IANA's), and their codecs."""

import re
from collections.abc import Iterable

_ISO_8859 = {f"8859{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15, 16)}
_LATIN = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 9, "6": 10, "7": 13, "8": 14, "9": 15, "10": 16}
_DICOM = {
    "100": 1,
    "101": 2,
    "109": 3,
    "110": 4,
    "144": 5,
    "127": 6,
    "126": 7,
    "138": 8,
    "148": 9,
    "166": 11,
    "203": 15,
}

_CODECS: dict[str, str] = {
    **dict.fromkeys(("ASCII", "USASCII", "ISOIR6", "ISO646", "646", "ANSIX341968", "7BIT"), "ascii"),
    **_ISO_8859,
    **{f"ISO{name}": codec for name, codec in _ISO_8859.items()},
    **{f"LATIN{number}": f"iso8859-{part}" for number, part in _LATIN.items()},
    **{f"ISOIR{number}": f"iso8859-{part}" for number, part in _DICOM.items()},
    **dict.fromkeys(("UNICODEUTF8", "UTF8", "ISOIR192", "65001", "CP65001"), "utf-8"),
    **dict.fromkeys(("UNICODE", "UNICODEUTF16", "UTF16", "UCS2", "ISO10646", "ISO106461"), "utf-16"),
    **dict.fromkeys(("UTF16LE", "UNICODEUTF16LE"), "utf-16-le"),
    **dict.fromkeys(("UTF16BE", "UNICODEUTF16BE"), "utf-16-be"),
    **{f"{prefix}{page}": f"cp{page}" for prefix in ("WINDOWS", "CP", "WIN", "") for page in range(1250, 1259)},
    **{f"{prefix}{page}": f"cp{page}" for prefix in ("CP", "IBM") for page in (437, 850, 852, 858)},
    **dict.fromkeys(("ISOIR14", "JISX0201", "ISOIR87", "ISOIR159", "ISO2022JP", "JIS"), "iso2022_jp_ext"),
    **dict.fromkeys(("SHIFTJIS", "SJIS", "CP932", "WINDOWS31J", "MS932"), "cp932"),
    **dict.fromkeys(("EUCJP",), "euc_jp"),
    **dict.fromkeys(("GB180302000", "GB18030", "GBK", "GB2312", "CP936", "ISOIR58"), "gb18030"),
    **dict.fromkeys(("BIG5", "CP950"), "cp950"),
    **dict.fromkeys(("KSX1001", "KSC5601", "EUCKR", "CP949", "UHC", "ISOIR149"), "cp949"),
    **dict.fromkeys(("KOI8R",), "koi8-r"),
}

_CODE_EXTENSIONS = frozenset({"ISOIR13", "ISOIR14", "ISOIR87", "ISOIR159", "ISO2022JP"})
_DICOM_PREFIX = "ISO2022IR"


def _plain(name: str) -> str:
    """Turn a name into its letters and digits: senders differ in spaces, hyphens, slashes and underscores."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    return plain.replace(_DICOM_PREFIX, "ISOIR")


def codec_of(name: str) -> str | None:
    """Turn a character set's name into the codec that decodes it alone; None for a name that is not known."""
    return _CODECS.get(_plain(name))


def is_code_extension(name: str) -> bool:
    """Is the set reached by ISO 2022 escape sequences rather than used alone (the Japanese ones; ``ISO 2022``)?"""
    return _plain(name) in _CODE_EXTENSIONS or re.sub(r"[^A-Z0-9]", "", name.upper()).startswith(_DICOM_PREFIX)


def is_known(name: str) -> bool:
    """Is the name one that we can decode, alone or by escape sequences?"""
    return codec_of(name) is not None or is_code_extension(name)


def codecs_in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Turn the declared names into codecs to try, UTF-8 first: bytes that are UTF-8 by chance do not occur in text."""
    codecs = [codec for codec in map(codec_of, names) if codec]
    return tuple(dict.fromkeys(sorted(codecs, key=lambda codec: codec != "utf-8")))
