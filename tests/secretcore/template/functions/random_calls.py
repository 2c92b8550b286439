"""Random calls of template functions with the texts, numbers, lists and dicts that make them stumble."""

from random import Random

from secretcore.template.functions import FUNCTIONS

_ITS_OWN = frozenset(
    [
        "toYaml",
        "fromYaml",
        "filterPEM",
        "filterCertChain",
        "certSANs",
        "jwkPublicKeyPem",
        "jwkPrivateKeyPem",
        "rsaDecrypt",
    ]
)
"""ESO's functions, which the quick build of the oracle doesn't have."""
_CHANGING = frozenset(
    [
        "bcrypt",
        "htpasswd",
        "randAlphaNum",
        "randAlpha",
        "randAscii",
        "randNumeric",
        "randBytes",
        "randInt",
        "uuidv4",
        "shuffle",
        "encryptAES",
        "now",
        "ago",
        "keys",
        "values",
        "derivePassword",
        "buildCustomCert",
        "semver",
        "semverCompare",
    ]
)
"""What differs from call to call, takes long, or is a newer library's in ESO."""
NAMES = sorted(
    name for name in set(FUNCTIONS) - _ITS_OWN - _CHANGING if not name.startswith("gen") and "kcs12" not in name.lower()
)
_ON_DATES = frozenset(["date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "durationRound"])
_WORDS = [
    "",
    "a",
    "abc",
    "Hello World",
    "foo_bar-Baz",
    "é",
    "日本 語",
    "\\xff",
    "a\\xc3",
    "  x ",
    "1",
    "-7",
    "3.5",
    "0x1F",
    "1e3",
    "08",
    "yes",
    "null",
    "2006-01-02",
    "2020-02-29",
    "15:04:05",
    "Mon Jan _2 2006",
    "1h30m",
    "1.2.3",
    "a.b.c",
    "/a/../b//c",
    "http://u:p@h:80/p?q#f",
    '{\\"a\\":[1,2]}',
    '[1,\\"x\\"]',
    "a: 1\\nb: [x]",
    "- 1\\n- 2",
    "a,b,,c",
    ",",
    "-",
    "[a-z]+",
    "(a)(b)?",
    "$1",
    "YWJj",
    "MFRGG===",
    "616263",
    "UTC",
    "Europe/Berlin",
    "x1y22z",
    "ßﬁ",
    "ǆİ",
    "\\t\\n",
    "many words in one line to be wrapped somewhere",
    "ABCdefGHI",
    "=",
    "%41",
    "<&>",
    "a\\nb",
    '\\"q\\"',
    "it's",
    "😀",
    "Ⅷ",
    "\\u2028",
    "\\x00",
    "-0",
    "Infinity",
    "_",
    "A_",
    "9",
    "string",
    "map",
    "slice",
    "[]interface {}",
]
_NUMBERS = ("0", "1", "2", "3", "5", "10", "-1", "-3", "7", "100")
_OTHERS = ("1.5", "-0.5", "1e21", "1e-7", "100000.0", "nil", "true", "false", "'a'", "0.1")
_MADE = (
    "(int64 5)", "(until 3)", '(splitList "," "b,a")', '(split "," "b,a")', "(list)", "(dict)",
    "(rest (list))",
    '(float64 "2.5")', '(toDate "2006-01-02" "2020-03-04")',
)  # fmt: skip
_AFTERWARDS = ("toJson", "quote", "typeOf", "toString", "upper", 'printf "%q"', "toPrettyJson")


class Calls:
    """A source of calls: `next()` gives the text of a template."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def next(self) -> str:
        name = self._random.choice(NAMES)
        signature = FUNCTIONS[name].signature
        params = [param.name for param in signature.params]
        if signature.variadic:
            params[-1:] = params[-1:] * self._random.randrange(4)
        if self._random.random() < 0.02:
            params = params[:-1]
        arguments = [self._argument(param, dates=name in _ON_DATES) for param in params]
        after = f" | {self._random.choice(_AFTERWARDS)}" if self._random.random() < 0.3 else ""
        return "{{ " + " ".join([name, *arguments]) + after + " }}"

    def _argument(self, kind: str, *, dates: bool) -> str:
        choose = self._random.choice
        if kind == "interface {}" and dates:
            return choose(['(toDate "2006-01-02" "2020-03-04")', "(int64 1700000000)", "1700000000"])
        if self._random.random() < 0.03 and not dates:
            return self._value(0)
        match kind:
            case "string":
                return self._text()
            case "int" | "uint32":
                return choose(_NUMBERS)
            case "bool" | "float64":
                return choose(["true", "false"] if kind == "bool" else ["0.5", "1.5", "2"])
            case "time.Time":
                return '(toDate "2006-01-02" "2020-03-04")'
            case "map[string]interface {}":
                return self._dict(1)
            case _:
                return self._value(0)

    def _text(self) -> str:
        count = 1 if self._random.random() < 0.8 else 3
        return '"' + "".join(self._random.choice(_WORDS) for _ in range(count)) + '"'

    def _dict(self, depth: int) -> str:
        pairs = [f"{self._text()} {self._value(depth)}" for _ in range(self._random.randrange(4))]
        return f"(dict {' '.join(pairs)})"

    def _value(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.4:
            return self._text()
        if kind < 0.6:
            return self._random.choice(_NUMBERS if kind < 0.52 else _OTHERS)
        if kind < 0.75 and depth < 2:
            return f"(list {' '.join(self._value(depth + 1) for _ in range(self._random.randrange(4)))})"
        return self._dict(depth + 1) if kind < 0.86 and depth < 2 else self._random.choice(_MADE)
