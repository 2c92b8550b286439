"""Fields at run time: map entries, struct fields and methods, by text/template's rules and in its words."""

from collections.abc import Sequence
from typing import Any

from secretcore.template.calls import invoke
from secretcore.template.declare import Function
from secretcore.template.gotypes import ANY, STRING
from secretcore.template.quoting import quote
from secretcore.template.state import MISSING, NIL, State
from secretcore.template.values import GoMap, GoObject, type_name


def get(state: State, receiver: Any, names: Sequence[str], boxed: bool) -> Any:
    """The value at the end of a chain of fields without arguments. `boxed`: the receiver is of an interface
    type.
    """
    for name in names:
        if type(receiver) is GoMap:
            found = receiver.get(name, MISSING)
            if found is MISSING:
                found = field(state, receiver, name, boxed)
            boxed = receiver.go_type.elem is ANY
            receiver = NIL if found is None and boxed else found
        else:
            receiver = field(state, receiver, name, boxed)
            boxed = False
    return receiver


def method_of(receiver: Any, name: str) -> Function | None:
    """The method of this name that the value lets templates call."""
    methods = getattr(type(receiver), "methods", None)
    found: Function | None = methods.get(name) if methods else None
    return found


def field(state: State, receiver: Any, name: str, boxed: bool, *, arguments: bool = False) -> Any:
    """One field; `arguments` tells that the template gives it some, which only methods take."""
    if receiver is None:
        raise state.error(f"nil data; no entry for key {quote(name)}")
    if receiver is NIL:
        raise state.error(f"nil pointer evaluating interface {{}}.{name}")
    method = method_of(receiver, name)
    if method is not None:
        return call_plainly(state, method, receiver, name)
    if isinstance(receiver, GoObject) and name in receiver.fields:
        if arguments:
            raise state.error(f"{name} has arguments but cannot be invoked as function")
        return getattr(receiver, receiver.fields[name])
    if isinstance(receiver, GoMap) and receiver.go_type.key in (STRING, ANY):
        return _entry(state, receiver, name, arguments)
    shown = "interface {}" if boxed else type_name(receiver)
    raise state.error(f"can't evaluate field {name} in type {shown}")


def _entry(state: State, mapping: GoMap, name: str, arguments: bool) -> Any:
    if arguments:
        raise state.error(f"{name} is not a method but has arguments")
    if name not in mapping:
        raise state.missing_key(name, mapping)
    return mapping[name]


def call_plainly(state: State, method: Function, receiver: Any, name: str) -> Any:
    """A method without arguments, in the middle of a chain."""
    signature = method.signature
    if signature.params and not (signature.variadic and len(signature.params) == 1):
        wanted = len(signature.params) - signature.variadic
        least = "at least " if signature.variadic else ""
        raise state.error(f"wrong number of args for {name}: want {least}{wanted} got 0")
    return invoke(state, method, name, [receiver], state.node)
