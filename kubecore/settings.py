"""The settings of a process: a flag, an environment variable or a line of a YAML file each, under one name, the flag
before the variable before the file. A process declares a `Base` of its own and has it `read`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, CliSettingsSource, EnvSettingsSource, PydanticBaseSettingsSource

Address = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:]*\]|[^:]*):\d+$|^0$")]
"""`host:port`; `0` is nowhere."""


class WrongSettings(Exception):
    """A flag, variable or line that can't be used. `str(error)` names each and says what is wrong."""


class Base(BaseSettings):
    """What an administrator chooses. A field `config` names the file."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`read` gathers the sources: the file is named by one of the others."""
        return (init_settings,)


S = TypeVar("S", bound=Base)


def read(kind: type[S], program: str, arguments: Sequence[str]) -> S:
    """From flags, environment and file. Raises `WrongSettings`; `--help` prints and exits."""
    flags = CliSettingsSource[Any](
        kind,
        cli_prog_name=program,
        cli_parse_args=[_explicit(kind, argument) for argument in arguments],
        cli_kebab_case=True,
        cli_hide_none_type=True,
    )()
    given = EnvSettingsSource(kind)() | flags
    try:
        return kind(**(_from_file(given.get("config")) | given))
    except ValidationError as error:
        raise WrongSettings("; ".join(_sentences(error))) from None


def _explicit(kind: type[Base], argument: str) -> str:
    """`--enable-flood-gate` alone means true, as Go has it."""
    name = argument.removeprefix("--").replace("-", "_")
    field = kind.model_fields.get(name)
    return f"{argument}=true" if argument.startswith("--") and field and field.annotation is bool else argument


def _from_file(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        content = yaml.safe_load(Path(path).read_bytes())
    except OSError as error:
        raise WrongSettings(f"config {path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError):
        raise WrongSettings(f"config {path}: not YAML") from None
    if not isinstance(content, dict | None):
        raise WrongSettings(f"config {path}: must be a map of settings")
    return {str(name).replace("-", "_"): value for name, value in (content or {}).items()}


def _sentences(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in each["loc"]).replace("_", "-")
        sentence = each["msg"].removeprefix("Value error, ")
        yield f"{name}{': ' if name else ''}{sentence[0].lower()}{sentence[1:]}"
