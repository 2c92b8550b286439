"""The leaves of an XML answer: STS speaks nothing else. Pure; `session` and `refusals` read what comes out."""

from __future__ import annotations

from xml.parsers import expat

DEEPEST = 32


def elements(body: bytes) -> dict[str, str] | None:
    """The text of each element without children, by its local name; None where the body is not such XML.

    Documents that declare a type are refused, and with them every entity of their own.
    """
    found: dict[str, str] = {}
    path: list[str] = []
    text: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        text.clear()
        if len(path) > DEEPEST:
            raise ValueError(name)

    def end(_name: str) -> None:
        name = path.pop()
        content = "".join(text).strip()
        if content:
            found[name] = content
        text.clear()

    def refuse(*_declaration: object) -> None:
        raise ValueError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError):
        return None
    return found
