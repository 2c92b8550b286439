"""What a command says of what went wrong: one line each, which names object, field and remedy. Pure."""

from __future__ import annotations

from injector.local.manifests import Name
from injector.printable import printable
from secretcore.errors import FetchFailed, SecretError


def failure_lines(name: Name, error: SecretError) -> list[str]:
    """The lines for an ExternalSecret that did not resolve; one for each step that failed."""
    if isinstance(error, FetchFailed):
        return [line(f"{name}: {failure}", failure.error) for failure in error.failures]
    return [line(f"{name}: {error}", error)]


def line(sentence: str, error: SecretError) -> str:
    """The sentence, and what to do."""
    sentence = printable(" ".join(sentence.split()))
    return f"{sentence} ({error.remedy})" if error.remedy else sentence
