"""Text, actions and control structures, compiled into functions that write a template's output.

`engine` compiles each block of a template with `Walker.block`; pipelines are `evaluate`'s.
"""

from collections.abc import Iterable
from typing import Any

from secretcore.template.evaluate import Evaluator
from secretcore.template.format_values import show, sorted_items
from secretcore.template.gotypes import ANY
from secretcore.template.nodes import Action, Block, Branch, Call, Jump, Node, Text
from secretcore.template.quoting import quote
from secretcore.template.state import MISSING, NIL, Evaluate, Signal, Slot, State, Walk
from secretcore.template.values import INTEGERS, GoMap, GoSlice, Uint8, go_len, kind_of, truth, type_name


class Walker:
    """Compiles blocks; its evaluator compiles their pipelines."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def block(self, block: Block) -> Walk:
        """Compile a list of nodes."""
        steps = [self._node(node) for node in block.nodes]
        if len(steps) == 1:
            return steps[0]

        def run(state: State, dot: Any) -> Signal:
            for step in steps:
                signal = step(state, dot)
                if signal is not None:
                    return signal
            return None

        return run

    def _node(self, node: Node) -> Walk:
        if isinstance(node, Text):
            return self._text(node)
        if isinstance(node, Action):
            return self._action(node)
        if isinstance(node, Branch):
            return self._range(node) if node.word == "range" else self._condition(node)
        if isinstance(node, Call):
            return self._call(node)
        assert isinstance(node, Jump)
        word = node.word
        return lambda state, dot: word

    def _text(self, node: Text) -> Walk:
        text = node.text

        def run(state: State, dot: Any) -> Signal:
            state.write(text)
            return None

        return run

    def _action(self, node: Action) -> Walk:
        evaluate = self._evaluator.pipeline(node.pipe)
        silent = bool(node.pipe.declared)

        def run(state: State, dot: Any) -> Signal:
            state.meter.step()
            value = evaluate(state, dot)
            if silent:
                return None
            state.node = node
            if type(value) is str:
                state.write(value)
            elif value is None:
                state.write("<no value>")
            else:
                state.write(show(value, state.environment.budget.string, state.meter))
            return None

        return run

    def _condition(self, node: Branch) -> Walk:
        evaluate = self._evaluator.pipeline(node.pipe)
        body = self.block(node.body)
        otherwise = None if node.otherwise is None else self.block(node.otherwise)
        is_with = node.word == "with"

        def run(state: State, dot: Any) -> Signal:
            state.meter.step()
            variables = state.variables
            mark = len(variables)
            value = evaluate(state, dot)
            signal = None
            if truth(value):
                signal = body(state, value if is_with else dot)
            elif otherwise is not None:
                signal = otherwise(state, dot)
            del variables[mark:]
            return signal

        return run

    def _call(self, node: Call) -> Walk:
        evaluate: Evaluate | None = None if node.pipe is None else self._evaluator.pipeline(node.pipe)
        name = node.name

        def run(state: State, dot: Any) -> Signal:
            state.node = node
            block = state.blocks.get(name)
            if block is None:
                raise state.error(f"template {quote(name)} not defined")
            if state.depth == state.environment.budget.depth:
                raise state.error(f"exceeded maximum template depth ({state.depth})")
            state.meter.step(4)
            value = None if evaluate is None else evaluate(state, dot)
            outside = state.template, state.variables, state.boxed_dot
            state.template, state.variables, state.boxed_dot = name, [Slot("$", value)], MISSING
            state.depth += 1
            block(state, value)
            state.depth -= 1
            state.template, state.variables, state.boxed_dot = outside
            return None

        return run

    def _range(self, node: Branch) -> Walk:
        evaluate = self._evaluator.pipeline(node.pipe)
        body = self.block(node.body)
        otherwise = None if node.otherwise is None else self.block(node.otherwise)
        names = [variable.name for variable in node.pipe.declared]
        assigns = node.pipe.assigns

        def run(state: State, dot: Any) -> Signal:
            variables, outer_boxed = state.variables, state.boxed_dot
            start = len(variables)
            value = evaluate(state, dot)
            mark = len(variables)
            entries, boxed = _entries(state, value, len(names) > 1)
            empty = True
            for index, element in entries:
                empty = False
                state.meter.step()
                item = NIL if element is None and boxed else element
                state.boxed_dot = item if boxed else MISSING
                if names:
                    _set(state, names, assigns, index, item, boxed)
                signal = body(state, item)
                del variables[mark:]
                if signal == "break":
                    break
            state.boxed_dot = outer_boxed
            signal = None
            if empty and otherwise is not None:
                signal = otherwise(state, dot)
            del variables[start:]
            return signal

        return run


def _set(state: State, names: list[str], assigns: bool, index: Any, item: Any, boxed: bool) -> None:
    """Give the range variables their values: the last one is the element, the first of two the index or
    key.
    """
    variables = state.variables
    slots = [state.variable(name) for name in names] if assigns else variables[-len(names) :]
    slots[-1].value, slots[-1].boxed = item, boxed
    if len(names) > 1:
        slots[0].value, slots[0].boxed = index, False


def _entries(state: State, value: Any, two: bool) -> tuple[Iterable[tuple[Any, Any]], bool]:
    """What to range over, as (index or key, element), and whether the elements are of an interface type."""
    kind = kind_of(value)
    if isinstance(value, GoMap):
        state.meter.elements(len(value))
        return sorted_items(value), value.go_type.elem is ANY
    if isinstance(value, GoSlice):
        return enumerate(list(value)), value.go_type.elem is ANY
    if isinstance(value, bytes):
        return enumerate(map(Uint8, value)), False
    if value is None:
        return (), False
    if kind in INTEGERS:
        if two:
            raise state.error(f"can't use a value of type {kind} to iterate over more than one variable")
        integer = INTEGERS[kind]
        return ((None, integer(number)) for number in range(value)), False
    shown = f"a string of {go_len(value)} bytes" if isinstance(value, str) else f"a value of type {type_name(value)}"
    raise state.error(f"range can't iterate over {shown}")
