"""The functions that templates may call, and no others: sprig's without those that read the world, and
ESO's own.

One file per group, each with its `FUNCTIONS`; here they are one table for the evaluator. What a function
takes and gives is in `values`, how it is declared in `declare`.
"""

from secretcore.template.declare import FunctionTable
from secretcore.template.functions import (
    certificates,
    ciphers,
    dates,
    dicts,
    encoding,
    hashes,
    json,
    jwk,
    keys,
    lists,
    logic,
    numbers,
    passwords,
    paths,
    pem,
    pkcs12,
    random,
    reflection,
    regex,
    rsa,
    semver,
    strings,
    texts,
    urls,
    yaml,
)

_GROUPS = (
    strings, texts, numbers, dates, logic, lists, dicts, json, yaml, encoding, hashes, paths, urls, semver,
    regex, reflection, random, passwords, ciphers, keys, certificates, pem, pkcs12, jwk, rsa,
)  # fmt: skip

FUNCTIONS: FunctionTable = {name: declared for group in _GROUPS for name, declared in group.FUNCTIONS.items()}
