"""Random templates for the comparison with Go: mostly sensible ones, so that they run far, some of them
damaged.

`Generator(random).case()` makes a `Case`. Every function is called whose result depends on its arguments
alone and is no key or certificate; the arguments are of the kind that the function wants, most of the time.
"""

import re
from random import Random

from secretcore.template.builtin_functions import BUILTINS
from secretcore.template.functions import FUNCTIONS
from tests.secretcore.template.oracle import Case

DOCUMENT = {
    "name": "ann", "empty": "", "text": "Hello, wörld of templates", "number": 7, "zero": 0, "float": 2.5,
    "big": 1234567, "yes": True, "no": False, "nil": None, "list": ["b", "a", "c", "a"], "numbers": [3, 1, 2],
    "mixed": [1, "x", None, True],
    "none": [], "map": {"a": 1, "b": "two", "c": {"d": {"e": "deep"}}, "n": None}, "hollow": {},
    "people": [{"name": "ann", "age": 30}, {"name": "bob", "age": 25}],
    "json": '{"a": [1, {"b": null}], "c": 1.5}',
    "lines": "one\ntwo\n\nfour", "csv": "a,b,,c", "b64": "aGVsbG8=", "version": "1.2.3-beta.1+x",
    "url": "https://user:pw@example.org:8080/a/b?x=1#f", "html": "<a href='x'>&amp;</a>",
    "date": "2024-02-29",
}  # fmt: skip
STRINGS = {key: value for key, value in DOCUMENT.items() if isinstance(value, str)}
_UNSURE = frozenset({
    "ago", "bcrypt", "buildCustomCert", "date", "dateInZone", "dateModify", "date_in_zone", "date_modify",
    "decryptAES", "derivePassword", "encryptAES", "genCA", "genCAWithKey", "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "htmlDate", "htmlDateInZone",
    "htpasswd", "keys", "must_date_modify", "mustDateModify", "now", "randAlpha", "randAlphaNum", "randAscii",
    "randBytes", "randInt", "randNumeric", "shuffle", "unixEpoch", "uuidv4", "values",
})  # fmt: skip
"""Functions whose result depends on time, chance or the order of a map, or takes long."""
_OPERATORS_OWN = frozenset(
    name for name in FUNCTIONS if name.startswith(("pkcs12", "pem", "fullPem", "filter", "cert", "jwk", "rsa"))
) | {"toYaml", "fromYaml"}
"""Not in the quick build of the oracle."""
CALLABLE = sorted({*FUNCTIONS, *BUILTINS} - _UNSURE - _OPERATORS_OWN)
_COMMON = [
    "print",
    "printf",
    "index",
    "len",
    "eq",
    "and",
    "or",
    "not",
    "default",
    "quote",
    "upper",
    "dict",
    "list",
    "get",
]
_PATTERNS = ["a", "[ab]+", "^x", "(o)(n)", "\\\\d+", ".*", "a|", "(", "[a-z]{2}"]
_WORDS = [
    "a", "b", "A-z", "x y", "", ",", "-", "0", "12", "1.5", "true", "é", "%", "%d", "%v %s", "name",
    "2006-01-02",
    "UTC", "1h30m", ">=1.0", "1.2.3", "${1}", "\\n", "/a/../b", "<no value>",
]  # fmt: skip

_ARGUMENTS = {
    "string": [
        '"a"', '"b"', '"x y"', '","', '"-"', '"0"', '"1.5"', '"é"', '"%d"', '"%v %s"', '"name"', ".name",
        ".text", ".json",
        ".lines", ".csv", ".b64", ".version", ".url", ".html", ".date", "(print .map)", "(toString .number)",
        "(upper .text)",
    ],
    "int": ["0", "1", "2", "3", "5", "-1", "(len .list)", "(int .number)"],
    "bool": ["true", "false", ".yes", ".no", "(eq 1 1)"],
    "float64": ["1.5", "2", ".float"],
    "[]string": ['(splitList "," .csv)', '(list "a" "b" | toStrings)'],
    "map[string]interface {}": [".map", ".hollow", '(dict "a" 1)', '(dict "a" "x" "z" (list 1 2))'],
}  # fmt: skip
_ANYTHING = [
    ".list", ".numbers", ".mixed", ".map", "(list 1 2 3)", '(list "a" "b")', '(dict "a" 1)',
    '(splitList "," .csv)',
    "(until 4)", ".text", "3", ".float",
]  # fmt: skip


class Generator:
    """Makes templates from one source of randomness."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._variables: list[str] = []
        self._loops = 0
        self._recursive = True
        """Whether the template t may be called here: it never calls itself, Go takes minutes to find out."""
        self._root = "."
        """How to spell fields of the data: `.`, or `$.` where the dot is something else."""

    def case(self) -> Case:
        """A template and its data."""
        text = "".join([self._node(3) for _ in range(self._random.randint(1, 4))])
        if 'template "t"' in text and self._random.random() < 0.9:
            self._recursive = False
            text += '{{define "t"}}' + self._separate() + "{{end}}"
        if self._random.random() < 0.05:
            text = self._damaged(text)
        return Case(text, STRINGS) if self._random.random() < 0.07 else Case(text, document=DOCUMENT)

    def _separate(self) -> str:
        outside = self._variables, self._loops, self._root
        self._variables, self._loops, self._root = [], 0, "."
        made = self._node(1)
        self._variables, self._loops, self._root = outside
        return made

    def _damaged(self, text: str) -> str:
        at = self._random.randrange(len(text) + 1)
        kind = self._random.randrange(3)
        if kind == 0:
            return text[:at] + self._random.choice("{}()|\"'`.$-:= \n1ax,#é") + text[at:]
        if kind == 1:
            return text[:at] + text[at + 1 :]
        return text[:at]

    # Nodes

    def _node(self, depth: int) -> str:
        kinds = ["action"] * 6 + ["text"] * 3 + ["variable", "comment", "template"]
        if depth:
            kinds += ["if", "with", "range"] * 2
        if self._loops:
            kinds += ["jump"]
        made: str = getattr(self, "_" + self._random.choice(kinds))(depth)
        return made

    def _text(self, depth: int) -> str:
        return self._random.choice(["\n", " ", "a", "text\n", "  é ", "\n\n", "}", "{ "])

    def _comment(self, depth: int) -> str:
        return self._random.choice(["{{/* c */}}", "{{- /* c\n */ -}}"])

    def _jump(self, depth: int) -> str:
        return self._braces(self._random.choice(["break", "continue"]))

    def _template(self, depth: int) -> str:
        if self._random.random() < 0.2:
            return (
                self._braces(f'block "b{self._random.randrange(9)}" {self._operand(1)}') + self._separate() + "{{end}}"
            )
        if not self._recursive:
            return ""
        return self._braces('template "t"' + self._random.choice(["", " " + self._pipe(1)]))

    def _braces(self, inside: str) -> str:
        left = self._random.choice(["{{", "{{", "{{", "{{- ", "{{ "])
        right = self._random.choice(["}}", "}}", "}}", " -}}", "\n}}"])
        return left + inside + right

    def _action(self, depth: int) -> str:
        return self._braces(self._pipe(3))

    def _variable(self, depth: int) -> str:
        if self._variables and self._random.random() < 0.4:
            return self._braces(f"{self._random.choice(self._variables)} = {self._pipe(2)}")
        name = self._random.choice(["$x", "$y", "$z"])
        made = self._braces(f"{name} := {self._pipe(2)}")
        self._variables.append(name)
        return made

    def _if(self, depth: int) -> str:
        return self._control("if", self._pipe(2), depth)

    def _with(self, depth: int) -> str:
        return self._control("with", self._pipe(2), depth)

    def _range(self, depth: int) -> str:
        declared = self._random.choice(["", "$v := ", "$k, $v := "])
        names = ["list", "map", "people", "mixed", "none", "numbers"]
        number = [] if "," in declared else ["3", "(len .list)"]
        over = self._random.choice([*("." + name for name in names), *number, self._pipe(2)])
        over = re.sub(r"(?<![\w\"$])\.(?=[a-z])", self._root, over)
        return self._control("range", declared + over, depth, ["$v"] if declared else [])

    def _control(self, word: str, pipe: str, depth: int, declared: list[str] | None = None) -> str:
        known, root = list(self._variables), self._root
        self._variables += declared or []
        self._loops += word == "range"
        self._root = root if word == "if" else "$."
        body = "".join([self._node(depth - 1) for _ in range(self._random.randint(1, 2))])
        self._loops -= word == "range"
        self._root = root
        made = self._braces(f"{word} {pipe}") + body
        if self._random.random() < 0.4:
            others = ["else"] if word == "range" else ["else", f"else {word} {self._operand(1)}"]
            other = self._random.choice(others)
            made += self._braces(other) + self._node(depth - 1)
        self._variables = known
        return made + self._braces("end")

    # Expressions

    def _pipe(self, depth: int) -> str:
        stages = [self._command(depth)]
        while self._random.random() < 0.3:
            stages.append(self._call(1, piped=True))
        return " | ".join(stages)

    def _command(self, depth: int) -> str:
        return self._call(depth) if depth and self._random.random() < 0.6 else self._operand(depth)

    def _operand(self, depth: int) -> str:
        kind = self._random.random()
        if depth and kind < 0.3:
            return f"({self._pipe(depth - 1)})" + (self._random.choice(["", "", "", ".a", ".name"]))
        if kind < 0.7:
            return self._field()
        if self._variables and kind < 0.8:
            return self._random.choice(self._variables) + self._random.choice(["", "", ".name"])
        return self._constant()

    def _field(self) -> str:
        name = self._random.choice(["map.a", "map.c.d", *DOCUMENT])
        odd = self._random.choice([".", "$", ".", ".missing", ".name", "$.name", ".name.x", "." + name])
        return odd if self._random.random() < 0.15 else self._root + name

    def _constant(self) -> str:
        return self._random.choice(
            ["1", "0", "-2", "3", "1.5", "2e1", "0x1f", "'a'", "true", "false", "nil", "1_0", self._string()]
        )

    def _string(self) -> str:
        return '"' + self._random.choice(_WORDS) + '"'

    def _call(self, depth: int, *, piped: bool = False) -> str:
        name = self._random.choice(_COMMON if self._random.random() < 0.3 else CALLABLE)
        signature = (FUNCTIONS.get(name) or BUILTINS[name]).signature
        wanted = [param.name for param in signature.params]
        if signature.variadic:
            wanted = wanted[:-1] + [wanted[-1]] * self._random.randint(0, 3)
        wanted = wanted[: len(wanted) - piped]
        if self._random.random() < 0.015:
            wanted = wanted[1:]
        arguments = [self._argument(name, param, depth) for param in wanted]
        return " ".join([name, *arguments])

    def _argument(self, function: str, wanted: str, depth: int) -> str:
        if self._random.random() < 0.06:
            return self._operand(max(depth - 1, 0))
        if function.startswith(("regex", "mustRegex")) and wanted == "string" and self._random.random() < 0.5:
            return '"' + self._random.choice(_PATTERNS) + '"'
        choices = _ARGUMENTS.get(wanted)
        if choices is None:
            choices = [*(self._operand(depth) for _ in range(4)), *_ANYTHING]
        chosen = self._random.choice(choices)
        return re.sub(r"(?<![\w\"$])\.(?=[a-z])", self._root, chosen) if self._root != "." else chosen
