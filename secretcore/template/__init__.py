"""Go templates with sprig's and the External Secrets Operator's functions, interpreted in Python.

`parse(name, text)` gives a `Template`, `template.render(data, Environment(now, random))` its output;
whatever is wrong is a `TemplateError`. Pure: no clock, no randomness but the environment's, no file, no
network, no process; nothing of Python can be reached from a template but the functions and fields that are
listed.
"""

from secretcore.template.budget import Budget
from secretcore.template.declare import Environment
from secretcore.template.engine import Template, parse
from secretcore.template.errors import TemplateError

__all__ = ["Budget", "Environment", "Template", "TemplateError", "parse"]
