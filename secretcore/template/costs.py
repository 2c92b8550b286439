"""What calls of functions and methods cost, in steps, on top of what every call costs.

Measured: a step is about a microsecond. Functions that are not here do little more than a call does;
functions whose work grows with their arguments charge for it themselves. `calls` adds these up.
"""

from collections.abc import Mapping


def _each(cost: int, names: str) -> dict[str, int]:
    return dict.fromkeys(names.split(), cost)


COSTS: Mapping[str, int] = {
    **_each(50, "toYaml fromYaml encryptAES decryptAES filterPEM filterCertChain certSANs"),
    **_each(
        50,
        "regexMatch regexFind regexFindAll regexReplaceAll regexReplaceAllLiteral regexSplit regexQuoteMeta",
    ),
    **_each(50, "mustRegexMatch mustRegexFind mustRegexFindAll mustRegexReplaceAll mustRegexReplaceAllLiteral"),
    **_each(50, "mustRegexSplit"),
    **_each(20, "toDate mustToDate urlParse snakecase kebabcase camelcase SetPrerelease SetMetadata"),
    **_each(10, "date dateInZone date_in_zone htmlDate htmlDateInZone Format IncMajor IncMinor IncPatch urlJoin"),
    **_each(8, "addf subf mulf divf add1f fromJson mustFromJson b64dec durationRound index uuidv4"),
    **_each(4, "add1 sortAlpha swapcase untitle nospace substr uniq toStrings now b64enc sha256sum"),
}
"""Steps by name."""

TEXT_COSTS: Mapping[str, int] = {
    **_each(10, "toYaml fromYaml filterPEM"),
    **_each(
        16,
        "toJson mustToJson toPrettyJson mustToPrettyJson toRawJson mustToRawJson b32enc snakecase kebabcase",
    ),
    **_each(16, "camelcase quote squote"),
    **_each(64, "js html urlquery printf replace wrap wrapWith"),
}
"""How many characters of an argument cost a step, where they cost more than copying or searching does."""
