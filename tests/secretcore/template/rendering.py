"""Our engine as the tests ask it: a `Case` in, an `Answer` out, as from the oracle."""

import random
from datetime import UTC, datetime

from secretcore.template import Budget, Environment, TemplateError, parse
from secretcore.template.values import from_json
from tests.secretcore.template.oracle import NAME, Answer, Case

NOW = datetime(2026, 11, 24, 12, 30, 45, tzinfo=UTC)
ROOMY = Budget(steps=5_000_000)
"""For comparisons with Go, which has no budget."""


def environment(budget: Budget = ROOMY) -> Environment:
    return Environment(NOW, random.Random(1), budget)


def render(case: Case, budget: Budget = ROOMY) -> Answer:
    """What we make of a case."""
    data = from_json(case.document) if case.strings is None else case.strings
    try:
        return Answer(parse(NAME, case.text, case.delimiters).render(data, environment(budget)))
    except TemplateError as error:
        return Answer(error="" if error.args[0] is None else error.args[0], phase=error.phase, line=error.line)
