"""How a kubelet publishes the files of a projected volume: a new timestamped folder, then `..data` renamed onto it."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path


def publish(volume: Path, payload: Mapping[str, bytes], mode: int, group: int | None = None) -> None:
    """Make the volume hold these files (paths relative to it), all at once. Equal content touches nothing."""
    current = volume / "..data"
    if current.exists() and _content(current) == dict(payload):
        return
    made = volume / f"..{time.strftime('%Y_%m_%d_%H_%M_%S')}.{time.monotonic_ns()}"
    made.mkdir()
    for path, content in payload.items():
        file = made / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        if group is not None:
            os.chown(file, -1, group)
    before = current.resolve() if current.is_symlink() else None
    (volume / "..data_tmp").symlink_to(made.name)
    (volume / "..data_tmp").rename(current)
    tops = {path.split("/", 1)[0] for path in payload}
    for name in tops:
        if not (volume / name).is_symlink():
            (volume / name).symlink_to(f"..data/{name}")
    for link in volume.iterdir():
        if not link.name.startswith("..") and link.name not in tops:
            link.unlink()
    if before is not None:
        shutil.rmtree(before)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
