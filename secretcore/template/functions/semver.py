"""sprig's semver and semverCompare, and the version that semver gives, with the methods templates may call.

Input: Go strings. Output: *semver.Version values and booleans.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.golib import versions
from secretcore.template.golib.version_constraints import parse_constraint, satisfies
from secretcore.template.golib.versions import Version, VersionError, parse_version
from secretcore.template.gotypes import GoType, go_type, named_type
from secretcore.template.values import GoObject


@dataclass(frozen=True, slots=True, repr=False)
class PlainVersion(GoObject):
    """semver.Version: what incrementing gives."""

    go_type: ClassVar[GoType] = named_type("semver.Version", "struct")
    version: Version

    def go_string(self) -> str:
        """1.2.3-rc.1+build."""
        return str(self.version)

    def to_json(self) -> str:
        """The same text."""
        return str(self.version)


@dataclass(frozen=True, slots=True, repr=False)
class VersionPointer(PlainVersion):
    """*semver.Version: what semver gives."""

    go_type: ClassVar[GoType] = go_type("*semver.Version")


def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        try:
            return call(*arguments)
        except VersionError as error:
            raise FunctionError(str(error)) from None

    return run


def _check_size(env: Environment, *texts: str) -> None:
    env.meter.regex(sum(map(len, texts)))


def _semver(env: Environment, value: str) -> VersionPointer:
    _check_size(env, value)
    return VersionPointer(parse_version(value))


def _semver_compare(env: Environment, constraint: str, value: str) -> bool:
    _check_size(env, constraint, value)
    env.meter.step(4 * len(constraint))
    alternatives = parse_constraint(constraint)
    return satisfies(parse_version(value), alternatives)


def _changed(version: Version, **parts: Any) -> PlainVersion:
    new = version._replace(**parts)
    prefix = "v" if version.original.startswith("v") else ""
    return PlainVersion(new._replace(original=prefix + str(new)))


def _next_patch(own: PlainVersion) -> PlainVersion:
    patch = own.version.patch if own.version.pre else own.version.patch + 1
    return _changed(own.version, patch=patch, pre="", metadata="")


def _next_minor(own: PlainVersion) -> PlainVersion:
    return _changed(own.version, minor=own.version.minor + 1, patch=0, pre="", metadata="")


def _next_major(own: PlainVersion) -> PlainVersion:
    return _changed(own.version, major=own.version.major + 1, minor=0, patch=0, pre="", metadata="")


def _set_prerelease(own: PlainVersion, pre: str) -> PlainVersion:
    if pre:
        versions.check_prerelease(pre)
    return _changed(own.version, pre=pre)


def _set_metadata(own: PlainVersion, metadata: str) -> PlainVersion:
    if metadata:
        versions.check_metadata(metadata)
    return _changed(own.version, metadata=metadata)


def _comparing(test: Callable[[int], Any]) -> Callable[[PlainVersion, PlainVersion], Any]:
    return lambda own, other: test(versions.compare(own.version, other.version))


PlainVersion.methods = {
    "String": function("func() string", PlainVersion.go_string),
    "Major": function("func() uint64", lambda own: own.version.major),
    "Minor": function("func() uint64", lambda own: own.version.minor),
    "Patch": function("func() uint64", lambda own: own.version.patch),
    "Prerelease": function("func() string", lambda own: own.version.pre),
    "Metadata": function("func() string", lambda own: own.version.metadata),
    "IncPatch": function("func() semver.Version", _next_patch),
    "IncMinor": function("func() semver.Version", _next_minor),
    "IncMajor": function("func() semver.Version", _next_major),
    "SetPrerelease": function("func(string) (semver.Version, error)", _guarded(_set_prerelease)),
    "SetMetadata": function("func(string) (semver.Version, error)", _guarded(_set_metadata)),
}
_TEST = "func(*semver.Version) bool"
VersionPointer.methods = {
    **PlainVersion.methods,
    "Original": function("func() string", lambda own: own.version.original),
    "Compare": function("func(*semver.Version) int", _comparing(lambda order: order)),
    "Equal": function(_TEST, _comparing(lambda order: order == 0)),
    "LessThan": function(_TEST, _comparing(lambda order: order < 0)),
    "LessThanEqual": function(_TEST, _comparing(lambda order: order <= 0)),
    "GreaterThan": function(_TEST, _comparing(lambda order: order > 0)),
    "GreaterThanEqual": function(_TEST, _comparing(lambda order: order >= 0)),
}

FUNCTIONS: Mapping[str, Function] = {
    "semver": function("func(string) (*semver.Version, error)", _guarded(_semver), env=True),
    "semverCompare": function("func(string, string) (bool, error)", _guarded(_semver_compare), env=True),
}
