"""What can go wrong with a template.

`TemplateError` is what callers see: it carries the place (key, line, column), the action's text and a message
in Go's own words. It never carries a value. `FunctionError` is what a template function raises, `BudgetError`
what the budget raises; the evaluator gives both their place.
"""

_MOST_KEYS = 20


class FunctionError(Exception):
    """A template function failed, in Go an error result or a panic; the text has no secret value in it."""


class BudgetError(Exception):
    """The template does more than the budget allows; the text says which limit, and its number."""


class TemplateError(Exception):
    """A template that can't be parsed or executed. `str()` is the text that Go's text/template gives, with
    the names of the keys that exist where one is missing.
    """

    def __init__(
        self, text: str, *, key: str, message: str, line: int = 0, column: int = 0, action: str = "",
        phase: str = "execute",
    ) -> None:  # fmt: skip
        super().__init__(text)
        self.key = key
        """Name of the template, which is the key in the Secret that it makes."""
        self.message = message
        self.line = line
        """From 1; 0 where no place is known."""
        self.column = column
        """In bytes from the line's start, counted from 0 as Go does; 0 when parsing."""
        self.action = action
        """The text of the part of the action that failed; empty when parsing."""
        self.phase = phase
        """`parse` or `execute`."""
        self.keys: tuple[str, ...] = ()
        """Where a key of the data is missing: the names of those that there are."""

    def __str__(self) -> str:
        shown = str(self.args[0])
        if not self.keys:
            return shown
        names = ", ".join(self.keys[:_MOST_KEYS])
        more = f" and {len(self.keys) - _MOST_KEYS} more" if len(self.keys) > _MOST_KEYS else ""
        return f"{shown} (there are: {names}{more})"
