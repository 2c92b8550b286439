"""Reads the pages of the documentation as a person with a terminal does: what stands indented by four spaces is to be
typed, what stands in a fence is to be looked at.

`commands`, `files` and `section` take the text of a page; the tests of pages run what they return.
"""

import re
from collections.abc import Iterator

FENCE = re.compile(r"^```.*?^```\n?", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)


def section(page: str, title: str) -> str:
    """What stands below a heading, up to the next one of its level or above. Raises LookupError without such a heading."""
    text = FENCE.sub(lambda fence: fence[0].replace("\n#", "\n "), page)
    headings = list(HEADING.finditer(text))
    for at, heading in enumerate(headings):
        if heading[2] == title:
            level = len(heading[1])
            after = (other.start() for other in headings[at + 1 :] if len(other[1]) <= level)
            return page[heading.end() : next(after, len(page))]
    raise LookupError(f"no heading {title!r}")


def commands(text: str) -> list[str]:
    """Each command that stands indented, in order; one that goes on behind a backslash is one, on one line."""
    return list(_commands(FENCE.sub("", text)))


def _commands(text: str) -> Iterator[str]:
    begun = ""
    for line in text.splitlines():
        if not line.startswith("    "):
            continue
        begun += line.strip()
        if begun.endswith("\\"):
            begun = begun[:-1]
        else:
            yield begun
            begun = ""


def fenced(text: str, language: str) -> list[str]:
    """What stands in the fences of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def files(text: str) -> dict[str, str]:
    """What is to be written into which file, by its path: a fence below a line that ends in "`/path`:"."""
    return dict(re.findall(r"`(/[^`\n]+)`:\n\n```[a-z]+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
