"""Calls of functions and methods: arguments checked and converted by the declared signature as Go's
reflection does it.

`evaluate` compiles the operands of a call into functions and leaves the rest to `Call`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from secretcore.template.costs import COSTS, TEXT_COSTS
from secretcore.template.declare import Function, Signature
from secretcore.template.errors import BudgetError, FunctionError, TemplateError
from secretcore.template.gotypes import ANY, BYTES, NUMBER_BITS, GoType, named_type
from secretcore.template.nodes import Bool, Nil, Node, Number, String
from secretcore.template.state import MISSING, NIL, Evaluate, State
from secretcore.template.values import GoMap, GoSlice, type_of, wrap_integer, zero

VALUE = named_type("reflect.Value", "struct")
"""The type of builtins' parameters: anything, an interface that holds nil included."""

_LONG = 512
"""So many characters of an argument cost a step, whatever the function does with them."""

Compile = Callable[[Node], Evaluate]
Check = Callable[[State, Any], Any]


def validate(state: State, value: Any, wanted: GoType) -> Any:
    """The value as an argument of this type; an error in Go's words if it isn't assignable."""
    if value is None:
        if wanted is VALUE or wanted.nillable:
            return None if wanted is VALUE else zero(wanted)
        raise state.error(f"invalid value; expected {wanted.name}")
    if wanted is VALUE:
        return value
    if value is NIL:
        if wanted is ANY:
            return None
        raise state.error(f"wrong type for value; expected {wanted.name}; got interface {{}}")
    found = type_of(value)
    if found is wanted or wanted.kind == "interface" or found is None:
        return value
    raise state.error(f"wrong type for value; expected {wanted.name}; got {found.name}")


def check_for(wanted: GoType) -> Check:
    """`validate` for one type, quick where the value fits."""
    if wanted is ANY:
        return lambda state, value: None if value is NIL else value
    if wanted is VALUE:
        return lambda state, value: value
    plain = {"string": str, "int": int, "bool": bool, "float64": float}.get(wanted.name)

    def check(state: State, value: Any) -> Any:
        return value if type(value) is plain else validate(state, value, wanted)

    return check


def ideal_constant(number: Number) -> Any:
    """The value of a number where no type is asked for. ValueError if it fits none."""
    if number.imaginary is not None:
        return number.imaginary
    text = number.text
    rune = text.startswith("'")
    hexadecimal = text[:2] in ("0x", "0X") and len(text) > 2 and not any(mark in text for mark in "pP")
    if number.floating is not None and not rune and not hexadecimal and any(mark in text for mark in ".eEpP"):
        return number.floating
    if number.integer is None:
        raise ValueError(f"{text} overflows int")
    return number.integer


def constant_for(node: Node, wanted: GoType) -> Any:
    """The value of a constant argument for a parameter of this type. ValueError with Go's words if it
    doesn't fit.
    """
    kind = wanted.kind
    if wanted is ANY or wanted is VALUE:
        return ideal_constant(node) if isinstance(node, Number) else node.value  # type: ignore[attr-defined]
    if kind == "bool":
        return _expect(node.value if isinstance(node, Bool) else None, "bool", node)
    if kind in ("float32", "float64"):
        return _expect(node.floating if isinstance(node, Number) else None, "float", node)
    if kind in ("complex64", "complex128"):
        return _expect(node.imaginary if isinstance(node, Number) else None, "complex", node)
    if kind in NUMBER_BITS:
        signed = NUMBER_BITS[kind][1]
        number = (node.integer if signed else node.unsigned) if isinstance(node, Number) else None
        return wrap_integer(_expect(number, "integer" if signed else "unsigned integer", node), kind)
    if kind == "string":
        return _expect(node.value if isinstance(node, String) else None, "string", node)
    raise ValueError(f"can't handle {node} for arg of type {wanted.name}")


def _expect(value: Any, what: str, node: Node) -> Any:
    if value is None:
        raise ValueError(f"expected {what}; found {node}")
    return value


def argument(node: Node, wanted: GoType, compile_operand: Compile) -> Evaluate:
    """Compile one argument for a parameter of this type."""
    if isinstance(node, Nil):
        return _nil_argument(node, wanted)
    if isinstance(node, Bool | Number | String):
        return _constant_argument(node, wanted)
    operand, check = compile_operand(node), check_for(wanted)

    def run(state: State, dot: Any) -> Any:
        state.node = node
        return check(state, operand(state, dot))

    return run


def _nil_argument(node: Node, wanted: GoType) -> Evaluate:
    def run(state: State, dot: Any) -> Any:
        state.node = node
        if wanted is VALUE:
            return None
        if not wanted.nillable:
            raise state.error(f"cannot assign nil to {wanted.name}")
        return zero(wanted)

    return run


def _constant_argument(node: Node, wanted: GoType) -> Evaluate:
    try:
        value = constant_for(node, wanted)
    except ValueError as error:
        return failing(node, str(error))

    def run(state: State, dot: Any) -> Any:
        state.node = node
        return value

    return run


def failing(node: Node | None, message: str) -> Evaluate:
    """What compiles a mistake that Go finds only when it gets there."""

    def run(state: State, dot: Any) -> Any:
        if node is not None:
            state.node = node
        raise state.error(message)

    return run


class Call:
    """One place where a function is called: its arguments compiled, their number checked."""

    __slots__ = ("_arguments", "_final", "_function", "_name", "_node", "mistake")

    def __init__(
        self, name: str, function: Function, nodes: Sequence[Node], piped: bool, node: Node,
        compile_operand: Compile,
    ) -> None:  # fmt: skip
        self._name = name
        self._function = function
        self._node = node
        signature = function.signature
        self.mistake = _wrong_number(name, signature, len(nodes), piped)
        """Go's words if the number of arguments is wrong."""
        self._arguments: list[Evaluate] = []
        self._final: Check | None = None
        if self.mistake is None:
            for at, each in enumerate(nodes):
                self._arguments.append(argument(each, _parameter(signature, at), compile_operand))
            self._final = check_for(_parameter(signature, len(nodes))) if piped else None

    def run(self, state: State, dot: Any, final: Any, receiver: Any = MISSING) -> Any:
        """Evaluate the arguments, then call; a method is given its receiver first."""
        if self.mistake is not None:
            raise state.error(self.mistake)
        values = [] if receiver is MISSING else [receiver]
        for each in self._arguments:
            values.append(each(state, dot))  # noqa: PERF401
        if self._final is not None:
            values.append(self._final(state, final))
        return invoke(state, self._function, self._name, values, self._node)


def _wrong_number(name: str, signature: Signature, count: int, piped: bool) -> str | None:
    fixed = len(signature.params)
    if signature.variadic:
        if count + piped < fixed - 1:
            return f"wrong number of args for {name}: want at least {fixed - 1} got {count}"
    elif count + piped != fixed:
        return f"wrong number of args for {name}: want {fixed} got {count + piped}"
    return None


def _parameter(signature: Signature, at: int) -> GoType:
    return signature.params[min(at, len(signature.params) - 1)]


def invoke(state: State, function: Function, name: str, values: list[Any], node: Node | None) -> Any:
    """Call a function with checked arguments, and adopt its result by its declared type."""
    cost = 4 + len(values) + COSTS.get(name, 0)
    for value in values:
        if type(value) is str and len(value) > 256:
            cost += len(value) // TEXT_COSTS.get(name, _LONG)
    state.meter.step(cost)
    try:
        result = function.call(state.environment, *values) if function.env else function.call(*values)
        return adopt(result, function.signature.result, state)
    except (FunctionError, BudgetError) as error:
        failure = str(error)
    except TemplateError:
        raise
    except RecursionError:
        failure = "values nested too deep"
    except Exception as error:  # noqa: BLE001 - a fault of ours must not show a value
        failure = f"internal error ({type(error).__name__})"
    state.node = node
    raise state.error(f"error calling {name}: {failure}") from None


def adopt(result: Any, declared: GoType, state: State) -> Any:
    """A function's result as a value of its declared type."""
    kind = declared.kind
    if kind == "string":
        if len(result) > state.environment.budget.string:
            raise BudgetError(f"a string of more than {state.environment.budget.string} bytes")
        return result
    if kind == "interface":
        return NIL if result is None else result
    if declared.named:
        return result
    if kind in NUMBER_BITS:
        return wrap_integer(result, kind)
    if kind == "float64":
        return float(result)
    return _adopt_composite(result, declared)


def _adopt_composite(result: Any, declared: GoType) -> Any:
    if result is None:
        return zero(declared)
    if declared is BYTES or isinstance(result, GoSlice | GoMap):
        return result
    if declared.kind == "slice":
        return GoSlice(declared, result)
    return GoMap(declared, result) if declared.kind == "map" else result
