"""Templates as callers use them: `parse` gives a `Template`, `Template.render` its output.

Callers are the rendering of ExternalSecrets (`spec.target.template`, rewrites) in the controller, in the
agent and in local mode. What a template may do is bounded by the Environment's budget; parsed templates are
kept by their text.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from secretcore.template.builtin_functions import BUILTINS
from secretcore.template.declare import Environment, FunctionTable
from secretcore.template.errors import BudgetError, TemplateError
from secretcore.template.evaluate import Evaluator
from secretcore.template.functions import FUNCTIONS
from secretcore.template.parser import parse as parse_text
from secretcore.template.state import State, Walk
from secretcore.template.values import GoMap, normal, string_map
from secretcore.template.walk import Walker

DELIMITERS = ("{{", "}}")


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A parsed template; it can be rendered any number of times, by any number of tasks or threads."""

    name: str
    text: str
    blocks: Mapping[str, Walk]
    functions: frozenset[str]
    """Names of the functions that the text calls."""
    slow: bool
    """Whether it calls functions that may take milliseconds of native work: render it in a thread then."""

    def render(self, data: Any, environment: Environment) -> str:
        """The output, in which bytes that aren't UTF-8 are surrogateescape-d (`values.octets` gives its
        bytes).

        `data`: a mapping of str to str (what ExternalSecrets give), or any value of the model.
        TemplateError, of phase `execute`, if it fails or goes beyond the budget.
        """
        root = string_map(data) if isinstance(data, Mapping) and not isinstance(data, GoMap) else data
        state = State(self.name, self.text, self.blocks, root, environment)
        try:
            self.blocks[self.name](state, root)
        except BudgetError as error:
            raise state.error(f"{error}; the limit is there because one process renders for all") from None
        except RecursionError:
            raise state.error("nested too deep") from None
        return normal("".join(state.output))


class _Cache:
    """Templates by name, text and delimiters; the least recently used go once their texts are too large
    together.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._size = 0
        self._templates: OrderedDict[tuple[str, str, tuple[str, str]], Template] = OrderedDict()

    def get(self, key: tuple[str, str, tuple[str, str]]) -> Template | None:
        found = self._templates.get(key)
        if found is not None:
            self._templates.move_to_end(key)
        return found

    def put(self, key: tuple[str, str, tuple[str, str]], template: Template) -> None:
        if key not in self._templates:
            self._size += _weight(key)
        self._templates[key] = template
        while self._size > self._largest:
            gone, _ = self._templates.popitem(last=False)
            self._size -= _weight(gone)


def _weight(key: tuple[str, str, tuple[str, str]]) -> int:
    """What a template takes in memory, roughly, in bytes."""
    return 4096 + 120 * (len(key[0]) + len(key[1]))


_cache = _Cache(16 * 1024 * 1024)
"""Some 350 typical templates. Not more: Python's full garbage collections would hold the event loop."""


def parse(name: str, text: str, delimiters: tuple[str, str] = DELIMITERS) -> Template:
    """Parse a template, or find it parsed. `name`: the key that it makes, for messages.

    TemplateError of phase `parse` if the text is not well-formed, or calls a function that there isn't.
    """
    key = (name, text, delimiters)
    found = _cache.get(key)
    if found is None:
        found = compile_template(name, text, delimiters, FUNCTIONS)
        _cache.put(key, found)
    return found


def compile_template(
    name: str, text: str, delimiters: tuple[str, str], functions: FunctionTable
) -> Template:  # fmt: skip
    """Parse and compile against a function table, past the cache."""
    left, right = delimiters
    try:
        definitions = parse_text(name, text, (left or "{{", right or "}}"), {*functions, *BUILTINS})
    except BudgetError as error:
        raise TemplateError(f"template: {name}: {error}", key=name, message=str(error), phase="parse") from None
    evaluator = Evaluator(functions, BUILTINS)
    walker = Walker(evaluator)
    blocks = {block_name: walker.block(block) for block_name, block in definitions.blocks.items()}
    slow = any(functions[used].slow for used in evaluator.used if used in functions)
    return Template(name, text, blocks, frozenset(evaluator.used), slow)
