"""The Go libraries in plain Python: laws that hold for all inputs. What Go itself says is in the vectors."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from secretcore.template.golib import (
    calendar,
    der,
    durations,
    json_text,
    layouts,
    pem,
    yaml_emitting,
    yaml_parsing,
)
from secretcore.template.golib.integers import MAX_INT64, MIN_INT64, divide, parse_int, remainder, wrap64
from secretcore.template.golib.layout_parsing import parse_time
from secretcore.template.golib.versions import Version, compare
from secretcore.template.golib.yaml_scalars import YamlError
from secretcore.template.gotypes import DICT, LIST
from secretcore.template.values import GoMap, GoSlice

INT64 = st.integers(MIN_INT64, MAX_INT64)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: GoSlice(LIST, items))
        | st.dictionaries(TEXTS, inner, max_size=4).map(lambda items: GoMap(DICT, items))
    ),
    max_leaves=12,
)


def free(cost):
    """No charge."""


@given(INT64, INT64.filter(bool))
def test_division_and_remainder_belong_together(left, right):
    assert wrap64(divide(left, right) * right + remainder(left, right)) == left
    assert abs(remainder(left, right)) < abs(right)


@given(st.integers())
def test_wrapping_keeps_the_low_64_bits(number):
    assert MIN_INT64 <= wrap64(number) <= MAX_INT64
    assert (wrap64(number) - number) % (1 << 64) == 0


@given(INT64, st.sampled_from([2, 8, 10, 16]))
def test_integers_are_read_back_in_any_base(number, base):
    spelt = {2: f"{number:b}", 8: f"{number:o}", 10: f"{number}", 16: f"{number:x}"}[base]
    assert parse_int(spelt, base) == (number, None)


@given(INT64)
def test_durations_are_read_back(duration):
    assert durations.parse(durations.show(duration)) == duration


@given(st.integers(-(10**13), 10**13))
def test_days_and_seconds_belong_together(seconds):
    day = calendar.civil(seconds)
    days = calendar.days_from_civil(day.year, day.month, day.day)
    assert days * 86400 + day.hour * 3600 + day.minute * 60 + day.second == seconds


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_calendar_agrees_with_datetime(moment):
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    day = calendar.civil(since.days * 86400 + since.seconds)
    assert day[:6] == (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    assert (day.weekday, day.yearday) == (moment.isoweekday() % 7, moment.timetuple().tm_yday)


@given(
    st.integers(-62135596800, 253402300799),
    st.integers(0, 999_999_999),
    st.sampled_from(
        [
            "2006-01-02T15:04:05.999999999Z07:00",
            "Mon, 02 Jan 2006 03:04:05.000000000PM -0700",
            "2006 002 15h4m5.999999999",
        ]
    ),
)
def test_times_are_read_back(seconds, nanos, layout):
    shown = layouts.format_time(layout, layouts.Instant(calendar.civil(seconds), nanos, 0, "UTC"))
    found = parse_time(layout, shown)
    assert found is not None
    assert found[:2] == (seconds, nanos)


@given(VALUES)
def test_json_is_read_back(value):
    for html, indent in ((True, ""), (False, "  ")):
        text = json_text.Writer(free, html=html, indent=indent).write(value)
        assert json_text.parse(text) == (value, None)


@given(VALUES)
def test_yaml_is_read_back(value):
    try:
        text = yaml_emitting.emit(value, free)
    except YamlError:
        return  # control characters, which YAML has no way to hold
    assert yaml_parsing.parse(text.encode(), free) == _through_json(value)


def _through_json(value):
    if isinstance(value, str):
        return yaml_emitting.through_json(value)
    if isinstance(value, GoMap):
        return {_through_json(key): _through_json(item) for key, item in value.items()}
    if isinstance(value, GoSlice):
        return [_through_json(item) for item in value]
    return value


KINDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", min_size=1, max_size=20)


@given(st.lists(st.tuples(KINDS, st.binary(max_size=200))), st.text("abc \n-", max_size=30))
def test_pem_blocks_are_found_between_junk(blocks, junk):
    text = "".join(junk + "\n" + pem.encode_der(kind, body) for kind, body in blocks)
    assert [(block.kind, block.der) for block in pem.blocks(text.encode())] == blocks


@given(st.integers(-(1 << 200), 1 << 200), st.binary(max_size=300))
def test_der_is_read_back(number, body):
    first, second = der.read(der.sequence(der.number(number), der.write(der.OCTETS, body))).children()
    assert (first.number(), second.content) == (number, body)


VERSIONS = st.builds(
    Version,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(["", "a", "a.1", "1", "2", "10", "b"]),
)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_versions_are_in_one_order(first, second, third):
    assert compare(first, second) == -compare(second, first)
    assert (compare(first, second) == 0) == (first[:4] == second[:4])
    if compare(first, second) <= 0 and compare(second, third) <= 0:
        assert compare(first, third) <= 0
