"""Whether a text is one valid JSON document. As in Go, neither depth nor UTF-8 is looked at."""

import re

from secretcore.gjson.work import STEP, Work

_WS = rb"[ \t\r\n]*+"
_STRING = rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
_SCALAR = rb"(?:%b|%b|true|false|null)" % (_STRING, _NUMBER)
_ELEMENTS = rb"(?:%b,%b%b)*+" % (_WS, _WS, _SCALAR)
_FLAT_ARRAY = rb"\[%b(?:%b%b)?+%b\]" % (_WS, _SCALAR, _ELEMENTS, _WS)

_VALUE = re.compile(rb"%b(?:(%b|%b|\{%b\})|(\[)|(\{))" % (_WS, _SCALAR, _FLAT_ARRAY, _WS))
_KEY = re.compile(rb"%b%b%b:" % (_WS, _STRING, _WS))
_NEXT = re.compile(rb"%b([,\]}])" % _WS)
_END = re.compile(_WS)


def valid(text: bytes, work: Work) -> bool:
    open_containers = bytearray()
    i = 0
    while match := _VALUE.match(text, i):
        work.spend(STEP)
        i = match.end()
        if match[1] is None:
            open_containers += match[2] or match[3]
        else:
            i = _close(text, i, open_containers)
            if not open_containers:
                return i >= 0 and _END.fullmatch(text, i) is not None
        if open_containers[-1:] == b"{":
            key = _KEY.match(text, i) if i >= 0 else None
            if key is None:
                return False
            i = key.end()
        if i < 0:
            return False
    return False


def _close(text: bytes, i: int, open_containers: bytearray) -> int:
    """Past the containers that end after a value, and the comma; -1 where neither is there."""
    while open_containers:
        match = _NEXT.match(text, i)
        if match is None:
            return -1
        i = match.end()
        if match[1] == b",":
            return i
        if match[1] != (b"}" if open_containers[-1:] == b"{" else b"]"):
            return -1
        del open_containers[-1]
    return i
