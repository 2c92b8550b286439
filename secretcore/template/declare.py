"""How a template function is declared: its Go signature, and the Python callable behind it.

The evaluator checks and converts arguments by the signature (number, assignability, nil) in Go's words,
calls, and adopts the result by the declared type; see the contract in `values`.

    FUNCTIONS = {
        "trunc": function("func(int, string) string", trunc),
        "quote": function("func(...interface {}) string", quote),         # called as quote(a, b, c)
        "randAlpha": function("func(int) string", rand_alpha, env=True),  # called as rand_alpha(env, 5)
        "genCA": function("func(string, int) (sprig.certificate, error)", gen_ca, env=True, slow=True),
    }

`secretcore/template/functions/__init__.py` exports the whole table as `FUNCTIONS: Mapping[str, Function]`; a
name that is also a builtin's (`slice`, `and`) replaces the builtin, as in Go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Protocol

from secretcore.template.budget import Budget, Meter
from secretcore.template.gotypes import GoType, go_type
from secretcore.template.zones import find_zone


class Randomness(Protocol):
    """Where functions get randomness: random.SystemRandom fits, random.Random(seed) makes tests
    repeatable.
    """

    def randbytes(self, n: int, /) -> bytes: ...

    def randrange(self, start: int, stop: int, /) -> int: ...


@dataclass(slots=True)
class Environment:
    """What rendering may know of the world. One Environment serves one rendering: its meter runs down."""

    now: datetime
    """With a time zone; `now` and `ago` read it."""
    random: Randomness
    budget: Budget = field(default_factory=Budget)
    zone: Callable[[str], tzinfo | None] = find_zone
    """The rules of a time zone by its name, None where there is none; the date functions ask it."""
    meter: Meter = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self.budget)


@dataclass(frozen=True, slots=True)
class Signature:
    """Parameters and result of a Go function; with `variadic`, the last parameter stands for any number of
    its type.
    """

    params: tuple[GoType, ...]
    variadic: bool
    result: GoType


@dataclass(frozen=True, slots=True)
class Function:
    """An entry of a function table."""

    signature: Signature
    call: Callable[..., Any]
    env: bool = False
    """Whether the callable wants the Environment as its first argument."""
    slow: bool = False
    """Whether it may take milliseconds of native work, so that a caller on an event loop renders in a thread.
    """


def function(signature: str, call: Callable[..., Any], *, env: bool = False, slow: bool = False) -> Function:
    """Declare a function by its Go signature, spelt as Go prints it (`func(int, ...string) (string,
    error)`).
    """
    return Function(parse_signature(signature), call, env, slow)


def parse_signature(spelling: str) -> Signature:
    """Read a Go signature; an error result may be there and changes nothing, since every function may
    raise.
    """
    head, params, result = "func(", spelling.removeprefix("func("), ""
    if not spelling.startswith(head):
        raise ValueError(f"not a signature: {spelling!r}")
    params, _, result = params.partition(")")
    result = result.strip().removeprefix("(").removesuffix(")").removesuffix(", error")
    names = [name.strip() for name in params.split(",")] if params else []
    variadic = bool(names) and names[-1].startswith("...")
    if variadic:
        names[-1] = names[-1][3:]
    return Signature(tuple(map(go_type, names)), variadic, go_type(result))


FunctionTable = Mapping[str, Function]
