"""What stands in a volume after the writer, and what it refuses."""

import os
import stat
import subprocess

import pytest

from injector.agent.files import Volume, VolumeFailed, open_volume
from injector.agent.paths import is_path

ONE = {"db/password": b"one", "db/user": b"app", "app.env": b"A='1'\n"}
TWO = {"db/password": b"two", "tls/tls.key": b"\x00\xff"}


def seen(folder):
    """What a container reads: the visible files by path."""
    found = {}
    for name in os.listdir(folder):
        if name.startswith(".."):
            continue
        path = folder / name
        if path.is_dir():
            found |= {f"{name}/{each.name}": each.read_bytes() for each in path.iterdir()}
        elif path.exists():
            found[name] = path.read_bytes()
    return found


def generations(folder):
    return sorted(name for name in os.listdir(folder) if name.startswith("..2"))


def publish(folder, files, mode=0o444):
    with open_volume(folder) as volume:
        return volume.publish(files, mode)


def state(folder):
    """Everything, with what shows whether it was touched."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            info = os.lstat(os.path.join(root, name))
            found[os.path.join(root, name)] = (info.st_ino, info.st_mtime_ns, info.st_ctime_ns, info.st_mode)
    return found, os.lstat(folder).st_mtime_ns


def test_a_set_of_files_becomes_visible_as_a_whole(folder):
    assert publish(folder, ONE) is True
    assert seen(folder) == ONE
    assert os.readlink(folder / "db") == "..data/db"
    assert os.readlink(folder / "..data") == generations(folder)[-1]


def test_what_is_not_in_the_next_set_disappears(folder):
    publish(folder, ONE)
    assert publish(folder, TWO) is True
    assert seen(folder) == TWO
    assert sorted(name for name in os.listdir(folder) if not name.startswith("..")) == ["db", "tls"]
    assert publish(folder, {}) is True
    assert seen(folder) == {}
    assert sorted(os.listdir(folder)) == ["..data", *generations(folder)] or len(generations(folder)) == 3


def test_unchanged_content_touches_nothing(folder):
    publish(folder, ONE)
    before = state(folder)
    assert publish(folder, dict(reversed(ONE.items()))) is False
    assert state(folder) == before


def test_other_permissions_are_a_change(folder):
    publish(folder, ONE, 0o444)
    assert publish(folder, ONE, 0o440) is True
    assert stat.S_IMODE((folder / "db/password").stat().st_mode) == 0o440
    assert stat.S_IMODE((folder / "db").stat().st_mode) == 0o750


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
@pytest.mark.parametrize(("mode", "folder_mode"), [(0o444, 0o755), (0o440, 0o750), (0o400, 0o700), (0o640, 0o750)])
def test_permissions_are_those_asked_for_whatever_the_umask(folder, umask, mode, folder_mode):
    before = os.umask(umask)
    try:
        publish(folder, ONE, mode)
    finally:
        os.umask(before)
    assert {stat.S_IMODE((folder / path).stat().st_mode) for path in ONE} == {mode}
    for path in (folder / "..data/", folder / "db"):
        assert stat.S_IMODE(path.stat().st_mode) == folder_mode


def test_the_group_of_the_volume_is_passed_on(folder):
    os.chown(folder, -1, 4321 if os.geteuid() == 0 else os.getegid())
    folder.chmod(0o2777)
    publish(folder, ONE, 0o440)
    expected = folder.stat().st_gid
    assert {(folder / path).stat().st_gid for path in (*ONE, "db", "..data/")} == {expected}


def test_permissions_that_someone_changed_are_put_right(folder):
    publish(folder, ONE)
    (folder / "db/password").chmod(0o666)
    assert publish(folder, ONE) is True
    assert stat.S_IMODE((folder / "db/password").stat().st_mode) == 0o444


def test_the_last_two_generations_stay_for_those_who_read_in_them(folder):
    pinned = []
    for number in range(6):
        publish(folder, {"a/k": b"%d" % number, "a/c": b"%d" % number})
        pinned.append((number, os.open(folder / "..data/", os.O_RDONLY | os.O_DIRECTORY)))
    assert len(generations(folder)) == 3
    for number, descriptor in pinned:
        if number >= 3:
            for name in ("a/k", "a/c"):
                with open(os.open(name, os.O_RDONLY, dir_fd=descriptor), "rb") as file:
                    assert file.read() == b"%d" % number
        os.close(descriptor)


def test_one_process_writes_a_volume(folder):
    with open_volume(folder), pytest.raises(VolumeFailed, match="another process writes here"), open_volume(folder):
        pass
    assert publish(folder, ONE)


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "/etc/passwd", "a//b", "", ".", "a/.", "..data", "..a/b", "a/..b", "a\0b", "a/" + "x" * 256],
)
def test_a_path_that_leaves_the_volume_is_refused_before_anything_is_done(folder, path):
    publish(folder, ONE)
    before = state(folder)
    with pytest.raises(VolumeFailed, match="can't be the path of a file"):
        publish(folder, {"db/password": b"new", path: b"x"})
    assert state(folder) == before


def test_names_with_dots_are_names():
    for path in ("a/.hidden", "a/b..c", ".config", "tls/tls.key", "x" * 255):
        assert is_path(path)


def test_a_full_volume_keeps_the_files_of_before(small):
    publish(small, ONE)
    with pytest.raises(VolumeFailed, match="the volume is full: 1 files of 80000 bytes") as refused:
        publish(small, {"big/blob": b"x" * 80_000})
    assert "sizeLimit" in refused.value.remedy
    assert seen(small) == ONE
    assert len(generations(small)) == 1
    assert publish(small, TWO) is True


PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("files", "size", "fits"),
    [
        ({"a": b"x" * PAGE}, 3 * PAGE, True),
        ({"a": b"x" * PAGE}, 3 * PAGE - 1, False),
        ({"a": b"x" * (PAGE + 1)}, 6 * PAGE - 1, False),
        ({"a": b"x", "b": b"y"}, 6 * PAGE - 1, False),
        ({"a": b"x", "b": b"y", "c": b""}, 6 * PAGE, True),
        ({"a": b"x" * 100 * PAGE}, 0, True),
    ],
)
def test_what_would_not_fit_three_times_is_refused_with_the_sizes_before_it_is_written(folder, files, size, fits):
    publish(folder, ONE)
    with open_volume(folder) as volume:
        if fits:
            assert volume.publish(files, 0o444, size=size)
            return
        before = state(folder)
        with pytest.raises(
            VolumeFailed, match=r"files? take \d+ KiB of memory, 3 sets of them are kept, and .* has"
        ) as no:
            volume.publish(files, 0o444, size=size)
    assert state(folder) == before
    assert seen(folder) == ONE
    assert "injector.agent.volumeSize" in no.value.remedy


def test_files_that_are_there_stay_when_the_volume_turns_out_too_small_for_them(folder):
    publish(folder, ONE)
    with open_volume(folder) as volume:
        assert volume.publish(ONE, 0o444, size=1) is False


def test_a_volume_of_three_times_the_data_is_never_full(small):
    for number in range(8):
        assert publish(small, {"a/blob": b"%d" % number * 16_000}) is True


def test_a_read_only_volume_is_said_to_be_one(small):
    publish(small, ONE)
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    with pytest.raises(VolumeFailed, match="mounted read-only"):
        publish(small, TWO)
    assert publish(small, ONE) is False
    assert seen(small) == ONE


def test_a_volume_that_is_not_there_is_named(folder):
    with pytest.raises(VolumeFailed, match=r"nowhere: No such file"), open_volume(folder / "nowhere"):
        pass


@pytest.fixture
def outside(tmp_path):
    """A folder beside the volume, with something that nobody may touch."""
    made = tmp_path / "outside"
    (made / "db").mkdir(parents=True)
    (made / "db" / "password").write_bytes(b"precious")
    (made / "password").write_bytes(b"precious")
    return made


def untouched(outside):
    return {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == {
        outside / "db" / "password": b"precious",
        outside / "password": b"precious",
    }


def test_a_repointed_data_link_is_put_right_and_not_followed(folder, outside):
    publish(folder, ONE)
    (folder / "..data").unlink()
    (folder / "..data").symlink_to(outside)
    assert publish(folder, ONE) is True
    assert seen(folder) == ONE
    assert untouched(outside)


def test_a_generation_that_is_a_link_is_neither_read_nor_emptied(folder, outside):
    publish(folder, ONE)
    current = os.readlink(folder / "..data")
    os.rename(folder / current, folder.parent / "elsewhere")
    os.symlink(outside, folder / current)
    for number in range(4):
        publish(folder, {"db/password": b"%d" % number})
    assert seen(folder)["db/password"] == b"3"
    assert untouched(outside)
    assert current not in os.listdir(folder)


@pytest.mark.parametrize("plant", ["file", "fifo", "link", "folder", "socket"])
def test_files_planted_in_a_generation_lead_to_a_new_one(folder, outside, plant):
    publish(folder, ONE)
    target = folder / os.readlink(folder / "..data") / "db"
    make = {
        "file": lambda path: path.write_bytes(b"x"),
        "fifo": os.mkfifo,
        "link": lambda path: path.symlink_to(outside / "password"),
        "folder": lambda path: path.mkdir(),
        "socket": lambda path: os.mknod(path, 0o600 | stat.S_IFSOCK),
    }[plant]
    make(target / "planted")
    assert publish(folder, ONE) is True
    assert seen(folder) == ONE
    for number in range(3):
        publish(folder, {"a": b"%d" % number})
    assert untouched(outside)


@pytest.mark.parametrize("plant", ["fifo", "link"])
def test_a_file_replaced_by_something_else_is_written_anew(folder, outside, plant):
    publish(folder, ONE)
    target = folder / os.readlink(folder / "..data") / "db" / "password"
    target.unlink()
    if plant == "fifo":
        os.mkfifo(target)
    else:
        target.symlink_to(outside / "password")
    with open_volume(folder) as volume:
        assert volume.load().files == {}
        assert volume.publish(ONE, 0o444) is True
    assert seen(folder) == ONE
    assert untouched(outside)


@pytest.mark.parametrize("plant", ["folder", "file", "fifo", "link"])
def test_what_stands_where_a_link_belongs_is_named_and_left_alone(folder, outside, plant):
    publish(folder, {"a/k": b"1"})
    obstacle = folder / "db"
    make = {
        "folder": obstacle.mkdir,
        "file": lambda: obstacle.write_bytes(b"mine"),
        "fifo": lambda: os.mkfifo(obstacle),
        "link": lambda: obstacle.symlink_to(outside),
    }
    make[plant]()
    before = state(folder)
    with pytest.raises(VolumeFailed, match='"db" stands where files are to appear'):
        publish(folder, ONE)
    assert state(folder) == before
    assert untouched(outside)


def test_what_stands_in_the_way_of_what_is_not_needed_now_is_left_alone(folder):
    obstacle = folder / "db"
    obstacle.mkdir()
    with open_volume(folder) as volume:
        assert volume.publish({"a/k": b"1", **ONE}, 0o444, needed={"a"}) is True
        assert (folder / "a/k").read_bytes() == b"1"
        assert os.listdir(obstacle) == []
        obstacle.rmdir()
        assert volume.publish({"a/k": b"1", **ONE}, 0o444, needed=()) is False
    assert seen(folder) == {"a/k": b"1", **ONE}


@pytest.mark.parametrize("plant", ["folder", "file", "fifo"])
def test_what_stands_where_data_belongs_is_said(folder, plant):
    obstacle = folder / "..data"
    {"folder": obstacle.mkdir, "file": lambda: obstacle.write_bytes(b""), "fifo": lambda: os.mkfifo(obstacle)}[plant]()
    with pytest.raises(VolumeFailed, match=r"\.\.data, or the volume itself, is not what an agent makes"):
        publish(folder, ONE)
    assert os.listdir(folder) == ["..data"]


@pytest.mark.parametrize("plant", ["folder", "file", "fifo", "link"])
def test_leftovers_of_the_agent_s_own_names_do_not_stop_it(folder, outside, plant):
    (folder / "..agent").mkdir()
    for name in ("..data_tmp", "..agent/note_tmp"):
        leftover = folder / name
        if plant == "folder":
            (leftover / "deep").mkdir(parents=True)
        elif plant == "file":
            leftover.write_bytes(b"")
        elif plant == "fifo":
            os.mkfifo(leftover)
        else:
            leftover.symlink_to(outside)
    with open_volume(folder) as volume:
        assert volume.publish(ONE, 0o444) is True
        volume.write_note("note", b"{}")
        assert volume.read_note("note") == b"{}"
    assert seen(folder) == ONE
    assert untouched(outside)


def test_foreign_names_are_left_alone(folder):
    for name in ("notes.txt", "..other", "..2026_13_01_00_00_00.000000000"):
        (folder / name).write_bytes(b"mine")
    publish(folder, ONE)
    publish(folder, TWO)
    assert all((folder / name).read_bytes() == b"mine" for name in ("notes.txt", "..other"))
    assert (folder / "..2026_13_01_00_00_00.000000000").exists()


def test_what_was_published_is_loaded_again(folder):
    publish(folder, ONE)
    with open_volume(folder) as volume:
        assert volume.load().files == ONE


def test_a_note_is_no_news_for_who_watches_the_volume(folder):
    with open_volume(folder) as volume:
        volume.write_note("note", b"1")
        before = folder.stat().st_mtime_ns
        volume.write_note("note", b"2")
        assert volume.read_note("note") == b"2"
        assert folder.stat().st_mtime_ns == before


def test_notes_are_not_read_through_links(folder, outside):
    with open_volume(folder) as volume:
        (folder / "..agent").symlink_to(outside)
        assert volume.read_note("password") is None
        with pytest.raises(VolumeFailed):
            volume.write_note("password", b"1")
        (folder / "..agent").unlink()
        volume.write_note("note", b"1")
        (folder / "..agent/note").unlink()
        (folder / "..agent/note").symlink_to(outside / "password")
        assert volume.read_note("note") is None
        volume.write_note("note", b"1")
        assert volume.read_note("note") == b"1"
    assert untouched(outside)


def test_no_value_is_shown_by_what_was_loaded(folder):
    publish(folder, {"a/k": b"canary"})
    with open_volume(folder) as volume:
        assert isinstance(volume, Volume)
        assert "canary" not in repr(volume.load())
