"""Text of others (keys of a backend, messages of a cluster) as it may stand on a terminal. Pure."""

from __future__ import annotations


def printable(text: str) -> str:
    """One line in which nothing moves a cursor, changes a colour or turns the direction of writing."""
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode()
