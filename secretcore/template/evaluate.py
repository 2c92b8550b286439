"""Pipelines and their parts, compiled into functions.

`walk` compiles the actions around them. Every function sets `state.node` as text/template does, since its
errors name the node that was looked at last, which isn't always the one at fault.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from secretcore.template.builtin_functions import SHORT_CIRCUIT
from secretcore.template.calls import VALUE, Call, argument, failing, ideal_constant
from secretcore.template.declare import Function, FunctionTable
from secretcore.template.errors import FunctionError
from secretcore.template.fields import field, get, method_of
from secretcore.template.gotypes import ANY
from secretcore.template.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Node,
    Number,
    Pipe,
    String,
    Variable,
)
from secretcore.template.state import MISSING, NIL, Evaluate, Slot, State
from secretcore.template.values import GoMap, go_len, truth

EvaluateStage = Callable[[State, Any, Any], Any]
"""(state, dot, result of the command before) -> result"""


def _fail_discreetly(message: str) -> str:
    """What fail does with a message that isn't written in the template: it may hold values of the data."""
    raise FunctionError(f"a message of {go_len(message)} bytes, not shown since it isn't a constant")


class Evaluator:
    """Compiles expressions against one function table, and remembers which functions they name."""

    def __init__(self, functions: FunctionTable, builtins: FunctionTable) -> None:
        self._functions = functions
        self._builtins = builtins
        self.used: set[str] = set()

    def pipeline(self, pipe: Pipe) -> Evaluate:
        """Compile a pipeline: its value, variables declared or assigned."""
        first = self._first(pipe.commands[0])
        rest = [self._stage(command) for command in pipe.commands[1:]]
        names = tuple(variable.name for variable in pipe.declared)

        def run(state: State, dot: Any) -> Any:
            state.node = pipe
            value = first(state, dot)
            for stage in rest:
                value = stage(state, dot, None if value is NIL else value)
            return None if value is NIL else value

        if not names:
            return run
        return self._assigning(run, names) if pipe.assigns else self._declaring(run, names)

    def _declaring(self, run: Evaluate, names: tuple[str, ...]) -> Evaluate:
        def declare(state: State, dot: Any) -> Any:
            value = run(state, dot)
            for name in names:
                state.variables.append(Slot(name, value))
            return value

        return declare

    def _assigning(self, run: Evaluate, names: tuple[str, ...]) -> Evaluate:
        def assign(state: State, dot: Any) -> Any:
            value = run(state, dot)
            for name in names:
                slot = state.variable(name)
                slot.value, slot.boxed = value, False
            return value

        return assign

    # Commands

    def _first(self, command: Command) -> Evaluate:
        """The first command of a pipeline: nothing is piped into it."""
        if len(command.args) == 1:
            word = command.args[0]
            if isinstance(word, Nil):
                return failing(word, "nil is not a command")
            if not isinstance(word, Identifier):
                return self.operand(word)
        stage = self._command(command, piped=False)
        return lambda state, dot: stage(state, dot, MISSING)

    def _stage(self, command: Command) -> EvaluateStage:
        return self._command(command, piped=True)

    def _command(self, command: Command, piped: bool) -> EvaluateStage:
        word = command.args[0]
        if isinstance(word, Identifier):
            return self._call(word, command, command.args[1:], piped)
        if isinstance(word, Field):
            return self._field_call(word, word.fields, self._dot_of, command, piped)
        if isinstance(word, Chain):
            return self._field_call(word, word.fields, self._chained(word), command, piped)
        if isinstance(word, Variable) and word.fields:
            return self._field_call(word, word.fields, self._slot_of(word), command, piped)
        return self._not_a_function(word)

    def _not_a_function(self, word: Node) -> EvaluateStage:
        mistake = f"can't give argument to non-function {word}"

        def run(state: State, dot: Any, final: Any) -> Any:
            if not isinstance(word, Pipe):
                state.node = word
            raise state.error(mistake)

        return run

    def _call(self, word: Identifier, node: Node, arguments: list[Node], piped: bool) -> EvaluateStage:
        name = word.name
        self.used.add(name)
        function = self._functions.get(name)
        if function is None:
            function = self._builtins[name]
            if name in SHORT_CIRCUIT and (arguments or piped):
                return self._short_circuit(word, arguments, name == "or")
            if name == "call" and arguments:
                function = replace(function, call=partial(function.call, shown=str(arguments[0])))
        if name == "fail" and (piped or not isinstance(arguments[0] if arguments else None, String)):
            function = replace(function, call=_fail_discreetly)
        call = Call(name, function, arguments, piped, node, self.operand)
        run_call = call.run

        def run(state: State, dot: Any, final: Any) -> Any:
            state.node = word
            return run_call(state, dot, final)

        return run

    def _short_circuit(self, word: Identifier, nodes: list[Node], until: bool) -> EvaluateStage:
        arguments = [argument(node, VALUE, self.operand) for node in nodes]

        def run(state: State, dot: Any, final: Any) -> Any:
            state.node = word
            state.meter.step(len(arguments))
            value: Any = None
            for each in arguments:
                value = each(state, dot)
                if truth(value) == until:
                    return value
            return value if final is MISSING else final

        return run

    # Operands: arguments, and first words without arguments

    def operand(self, node: Node) -> Evaluate:
        """Compile what stands alone, without arguments of its own."""
        if isinstance(node, Field):
            return self._field(node)
        if isinstance(node, Variable):
            return self._variable(node)
        if isinstance(node, Pipe):
            return self.pipeline(node)
        if isinstance(node, Identifier):
            stage = self._call(node, node, [], piped=False)
            return lambda state, dot: stage(state, dot, MISSING)
        if isinstance(node, Chain):
            return self._chain(node)
        return self._constant(node)

    def _constant(self, node: Node) -> Evaluate:
        if isinstance(node, Dot):

            def run_dot(state: State, dot: Any) -> Any:
                state.node = node
                return dot

            return run_dot
        if isinstance(node, Number):
            try:
                value = ideal_constant(node)
            except ValueError as error:
                return failing(node, str(error))
        else:
            assert isinstance(node, Bool | String)
            value = node.value

        def run(state: State, dot: Any) -> Any:
            state.node = node
            return value

        return run

    def _field(self, node: Field) -> Evaluate:
        names = node.fields
        if len(names) > 1:

            def run(state: State, dot: Any) -> Any:
                state.node = node
                return get(state, dot, names, state.boxed_dot is dot)

            return run
        name = names[0]

        def run_one(state: State, dot: Any) -> Any:
            state.node = node
            if type(dot) is GoMap:
                value = dot.get(name)
                if value is not None:
                    return value
            return get(state, dot, names, state.boxed_dot is dot)

        return run_one

    def _variable(self, node: Variable) -> Evaluate:
        name, names = node.name, node.fields

        def run(state: State, dot: Any) -> Any:
            state.node = node
            slot = state.variable(name)
            return get(state, slot.value, names, slot.boxed) if names else slot.value

        return run

    def _chain(self, node: Chain) -> Evaluate:
        receiver_of, names = self._chained(node), node.fields

        def run(state: State, dot: Any) -> Any:
            state.node = node
            receiver, boxed = receiver_of(state, dot)
            return get(state, receiver, names, boxed)

        return run

    # Fields with arguments, which only methods take

    def _dot_of(self, state: State, dot: Any) -> tuple[Any, bool]:
        return dot, state.boxed_dot is dot

    def _slot_of(self, node: Variable) -> Callable[[State, Any], tuple[Any, bool]]:
        name = node.name

        def receiver(state: State, dot: Any) -> tuple[Any, bool]:
            slot = state.variable(name)
            return slot.value, slot.boxed

        return receiver

    def _chained(self, node: Chain) -> Callable[[State, Any], tuple[Any, bool]]:
        inner = node.operand
        operand = self.operand(inner)
        boxed = False
        if isinstance(inner, Identifier):
            function = self._functions.get(inner.name) or self._builtins[inner.name]
            boxed = function.signature.result is ANY

        def receiver(state: State, dot: Any) -> tuple[Any, bool]:
            state.node = inner
            return operand(state, dot), boxed

        return receiver

    def _field_call(
        self, node: Node, names: tuple[str, ...], receiver_of: Callable[[State, Any], tuple[Any, bool]],
        command: Command, piped: bool,
    ) -> EvaluateStage:  # fmt: skip
        before, last = names[:-1], names[-1]
        arguments = command.args[1:]
        calls: dict[int, Call] = {}

        def run(state: State, dot: Any, final: Any) -> Any:
            state.node = node
            receiver, boxed = receiver_of(state, dot)
            receiver = get(state, receiver, before, boxed)
            method = method_of(receiver, last)
            if method is None:
                return field(state, receiver, last, boxed and not before, arguments=bool(arguments) or piped)
            call = calls.get(id(method))
            if call is None:
                call = calls[id(method)] = self._method(last, method, arguments, piped, node)
            return call.run(state, dot, final, receiver)

        return run

    def _method(self, name: str, method: Function, arguments: list[Node], piped: bool, node: Node) -> Call:
        return Call(name, method, arguments, piped, node, self.operand)
