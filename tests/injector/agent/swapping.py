"""Swaps generations as fast as it can while others read, each through one `..data` that it opened once.

`python -m tests.injector.agent.swapping FOLDER SWAPS` prints JSON: how many sets were read, how many of them were mixed
and how many lost a file. The writer doesn't begin a swap while a reader is still in the generation that this swap would
remove, the third last: that long, and no longer, a generation is promised to stay.
"""

import json
import mmap
import os
import struct
import sys
import time
from pathlib import Path

from injector.agent.files import open_volume

READERS = 2
NAP = 0.0005
"""Seconds between two sets of one reader: the cores are shared with the writer."""
NAMES = ("db/cert", "db/key", "app/config")
IDLE = 2**62


class Shared:
    """Numbers that several processes see."""

    def __init__(self, size: int) -> None:
        self._map = mmap.mmap(-1, 8 * size)

    def __getitem__(self, index: int) -> int:
        found: int = struct.unpack_from("q", self._map, 8 * index)[0]
        return found

    def __setitem__(self, index: int, value: int) -> None:
        struct.pack_into("q", self._map, 8 * index, value)


DONE, STOP, SETS, MIXED, LOST, SINCE = 0, 1, 2, 2 + READERS, 2 + 2 * READERS, 2 + 3 * READERS


def read(folder: Path, reader: int, shared: Shared) -> None:
    while not shared[STOP]:
        shared[SINCE + reader] = shared[DONE]  # what is opened now is at least this new
        try:
            descriptor = os.open(folder / "..data", os.O_RDONLY | os.O_DIRECTORY)
            try:
                contents = {_content(name, descriptor) for name in NAMES}
            finally:
                os.close(descriptor)
            shared[MIXED + reader] += len(contents) != 1
        except FileNotFoundError:
            shared[LOST + reader] += 1
        shared[SETS + reader] += 1
        shared[SINCE + reader] = IDLE
        time.sleep(NAP)


def _content(name: str, at: int) -> bytes:
    with open(os.open(name, os.O_RDONLY, dir_fd=at), "rb") as file:
        return file.read()


def main(folder: str, swaps: int) -> None:
    shared = Shared(2 + 4 * READERS)
    for reader in range(READERS):
        shared[SINCE + reader] = IDLE
    with open_volume(folder) as volume:
        volume.publish(dict.fromkeys(NAMES, b"0"), 0o444)
        children = []
        for reader in range(READERS):
            child = os.fork()
            if child == 0:
                read(Path(folder), reader, shared)
                os._exit(0)
            children.append(child)
        for number in range(1, swaps + 1):
            while any(shared[SINCE + reader] < number - 2 for reader in range(READERS)):
                time.sleep(0.0001)
            volume.publish(dict.fromkeys(NAMES, b"%d" % number * 50), 0o444)
            shared[DONE] = number
    shared[STOP] = 1
    for child in children:
        _, status = os.waitpid(child, 0)
        assert status == 0
    totals = {name: [shared[at + reader] for reader in range(READERS)] for name, at in
              (("sets", SETS), ("mixed", MIXED), ("lost", LOST))}  # fmt: skip
    print(json.dumps({"swaps": shared[DONE], **totals}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
