"""The functions that templates may call, and no others: sprig's without those that read the world, and ESO's own.

One file per group, each with its `FUNCTIONS`; here they are one table for the evaluator. What a function takes and
gives is in `values`, how it is declared in `declare`.
"""

from secretcore.template.declare import FunctionTable
from secretcore.template.functions import (
    dates,
    dicts,
    encoding,
    hashes,
    json,
    lists,
    logic,
    numbers,
    paths,
    random,
    reflection,
    regex,
    semver,
    strings,
    texts,
    urls,
    yaml,
)

_GROUPS = (
    strings, texts, numbers, dates, logic, lists, dicts, json, yaml, encoding, hashes, paths, urls, semver, regex,
    reflection, random,
)  # fmt: skip

FUNCTIONS: FunctionTable = {name: declared for group in _GROUPS for name, declared in group.FUNCTIONS.items()}
