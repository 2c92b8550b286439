"""sprig's date functions. "Local" is UTC, as in ESO's container; the clock and the zones are the
Environment's.

Input: times, int64 seconds, Go layouts. Output: times and texts. Whatever is no time stands for now, as in
sprig.
"""

from collections.abc import Mapping
from typing import Any

from secretcore.durations import SECOND
from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.charging import work
from secretcore.template.functions.times import ZERO, Time, from_datetime, from_seconds
from secretcore.template.golib import durations
from secretcore.template.golib.calendar import UTC_ZONE, Zone
from secretcore.template.golib.integers import parse_int
from secretcore.template.golib.layout_parsing import parse_time
from secretcore.template.values import Int32, Int64

_DAY = "2006-01-02"


def _now(env: Environment) -> Time:
    return from_datetime(env.now)


def _moment(env: Environment, value: Any) -> Time:
    if isinstance(value, Time):
        return value
    return from_seconds(int(value)) if type(value) in (int, Int64, Int32) else _now(env)


def _zone(env: Environment, name: str) -> Zone:
    if name in ("", "UTC", "Local") or ".." in name or name[0] in "/\\":
        return UTC_ZONE
    rules = env.zone(name)
    return UTC_ZONE if rules is None else Zone(rules)


def _date_in_zone(env: Environment, layout: str, value: Any, zone: str) -> str:
    work(env, len(layout), 60)
    return Time(_moment(env, value).nanos, _zone(env, zone)).format(layout)


def _date(env: Environment, layout: str, value: Any) -> str:
    return _date_in_zone(env, layout, value, "Local")


def _html_date(env: Environment, value: Any) -> str:
    return _date_in_zone(env, _DAY, value, "Local")


def _html_date_in_zone(env: Environment, value: Any, zone: str) -> str:
    return _date_in_zone(env, _DAY, value, zone)


def _modify(change: str, moment: Time) -> Time:
    length = durations.parse(change)
    return moment if length is None else Time(moment.nanos + length, moment.zone)


def _must_modify(change: str, moment: Time) -> Time:
    length = durations.parse(change)
    if length is None:
        raise FunctionError(f"time: invalid duration: a text of {len(change)} bytes")
    return Time(moment.nanos + length, moment.zone)


def _ago(env: Environment, value: Any) -> str:
    moment = _now(env) if type(value) is Int32 else _moment(env, value)
    return durations.show(durations.round_to_second(_now(env).since(moment)))


def _duration(value: Any) -> str:
    seconds = parse_int(value)[0] if isinstance(value, str) else int(value) if type(value) is Int64 else 0
    return durations.show(durations.in_seconds(seconds))


def _duration_round(env: Environment, value: Any) -> str:
    if isinstance(value, str):
        length = durations.parse(value) or 0
    elif isinstance(value, Time):
        length = _now(env).since(value)
    else:
        length = int(value) if type(value) is Int64 else 0
    return durations.approximate(length)


def _parse(env: Environment, layout: str, value: str) -> Time | None:
    work(env, len(layout) + len(value), 60)
    found = parse_time(layout, value)
    return found and Time(found.seconds * SECOND + found.nanos, found.zone)


def _to_date(env: Environment, layout: str, value: str) -> Time:
    return _parse(env, layout, value) or ZERO


def _must_to_date(env: Environment, layout: str, value: str) -> Time:
    found = _parse(env, layout, value)
    if found is None:
        raise FunctionError(f"parsing time: a text of {len(value)} bytes doesn't follow the layout")
    return found


def _unix_epoch(moment: Time) -> str:
    return str(moment.seconds)


_ANY = "interface {}"
_IN_ZONE = function(f"func(string, {_ANY}, string) string", _date_in_zone, env=True)
_MODIFY = function("func(string, time.Time) time.Time", _modify)
_MUST_MODIFY = function("func(string, time.Time) (time.Time, error)", _must_modify)

FUNCTIONS: Mapping[str, Function] = {
    "now": function("func() time.Time", _now, env=True),
    "ago": function(f"func({_ANY}) string", _ago, env=True),
    "date": function(f"func(string, {_ANY}) string", _date, env=True),
    "dateInZone": _IN_ZONE,
    "date_in_zone": _IN_ZONE,
    "dateModify": _MODIFY,
    "date_modify": _MODIFY,
    "mustDateModify": _MUST_MODIFY,
    "must_date_modify": _MUST_MODIFY,
    "duration": function(f"func({_ANY}) string", _duration),
    "durationRound": function(f"func({_ANY}) string", _duration_round, env=True),
    "htmlDate": function(f"func({_ANY}) string", _html_date, env=True),
    "htmlDateInZone": function(f"func({_ANY}, string) string", _html_date_in_zone, env=True),
    "toDate": function("func(string, string) time.Time", _to_date, env=True),
    "mustToDate": function("func(string, string) (time.Time, error)", _must_to_date, env=True),
    "unixEpoch": function("func(time.Time) string", _unix_epoch),
}
