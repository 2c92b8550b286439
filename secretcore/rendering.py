"""What the templates of one ExternalSecret share: the clock, the randomness, and an allowance of work for all of them.
A shell makes one for each pass; `rewrite` and `target_template` render with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from secretcore.errors import TransformFailed

if TYPE_CHECKING:
    from secretcore.template.declare import Randomness

DELIMITERS = ("{{", "}}")


@dataclass(slots=True)
class Rendering:
    """One pass over an ExternalSecret's templates."""

    now: datetime
    """With a time zone."""
    random: Randomness
    delimiters: tuple[str, str] = DELIMITERS
    """Of `spec.target.template`; rewrites always have the default ones."""
    steps_left: int = 150_000
    native_left: int = 256
    """Of all templates together: ten times what one may take, four times for native work."""

    def charge(self, steps: int) -> None:
        """Takes work that is no template's own off the allowance. Raises `TransformFailed` beyond it."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise TransformFailed(
                "the templates take more work than one ExternalSecret may", remedy="make less of them"
            )

    def text(self, name: str, template: str, data: Mapping[str, str], delimiters: tuple[str, str] = DELIMITERS) -> str:
        """The template rendered over strings. Raises `TransformFailed`, whose message names `name`, line and keys."""
        from secretcore.template import Budget, Environment, TemplateError, parse  # noqa: PLC0415  # dear to import

        one = Budget()
        budget = replace(one, steps=min(one.steps, self.steps_left), native=min(one.native, self.native_left))
        environment = Environment(self.now, self.random, budget)
        try:
            return parse(name, template, delimiters).render(data, environment)
        except TemplateError as error:
            raise TransformFailed(
                f"unable to {error.phase} template at key {name}: {error}", remedy="correct the template"
            ) from None
        finally:
            self.steps_left -= budget.steps - max(0, environment.meter.steps_left)
            self.native_left -= budget.native - max(0, environment.meter.native_left)
