"""Which path of the API a key means, as ESO has it."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from secretcore.backends.vault.paths import KV, url
from secretcore.errors import InvalidSpec


@pytest.mark.parametrize(
    ("mount", "version", "key", "path"),
    [
        ("secret", "v2", "foo", "secret/data/foo"),
        ("secret", "v2", "a/b", "secret/data/a/b"),
        ("secret", "v2", "secret/foo", "secret/data/foo"),
        ("secret", "v2", "secret/data/foo", "secret/data/foo"),
        ("secret", "v2", "data/foo", "secret/data/data/foo"),
        ("secret", "v2", "secret", "secret/data/secret"),
        ("secret", "v2", "secretive/foo", "secret/data/secretive/foo"),
        ("secret", "v2", "secret/secret/foo", "secret/data/secret/foo"),
        ("secret", "v2", "secret/data/data/foo", "secret/data/data/foo"),
        ("secret/path", "v2", "foo", "secret/path/data/foo"),
        ("secret/path", "v2", "secret/path/foo", "secret/path/data/foo"),
        ("secret/path", "v2", "secret/path/data/foo", "secret/path/data/foo"),
        ("secret/path", "v2", "secret/foo", "secret/path/data/secret/foo"),
        ("secret", "v1", "foo", "secret/foo"),
        ("secret", "v1", "secret/foo", "secret/foo"),
        ("secret", "v1", "secret/data/foo", "secret/data/foo"),
        ("secret", "v1", "data/foo", "secret/data/foo"),
        ("secret/path", "v1", "secret/path/foo", "secret/path/foo"),
        (None, "v2", "secret/foo", "secret/data/foo"),
        (None, "v2", "secret/path/foo", "secret/data/path/foo"),
        (None, "v2", "secret/data/foo", "secret/data/foo"),
        (None, "v2", "secret/path/data/foo", "secret/path/data/foo"),
        (None, "v2", "secret", "secret/data"),
        (None, "v2", "secret/data", "secret/data/data"),
        (None, "v1", "secret/path/foo", "secret/path/foo"),
        (None, "v1", "secret/data/foo", "secret/data/foo"),
    ],
)
def test_where_a_key_is_read(mount, version, key, path):
    assert KV(mount, version).data_path(key) == path


@pytest.mark.parametrize(
    ("mount", "version", "key", "path"),
    [
        ("secret", "v2", "foo", "secret/metadata/foo"),
        ("secret", "v2", "secret/foo", "secret/metadata/secret/foo"),
        ("secret", "v2", "", "secret/metadata/"),
        ("secret", "v1", "foo/", "secret/foo/"),
        (None, "v2", "secret/data/foo", "secret/metadata/foo"),
        (None, "v2", "secret/data/data/foo", "secret/metadata/data/foo"),
        (None, "v2", "my-data/foo", "my-data/foo"),
        (None, "v1", "secret/foo/", "secret/foo/"),
    ],
)
def test_where_metadata_and_folders_are(mount, version, key, path):
    assert KV(mount, version).metadata_path(key) == path


def test_metadata_without_a_mount_need_data_in_the_key():
    with pytest.raises(InvalidSpec, match='no "data" in it'):
        KV(None).metadata_path("secret/foo")


@pytest.mark.parametrize("key", ["kv/foo", "kv/data/foo", "foo", "data/foo"])
def test_openbao_keys_never_repeat_the_mount(key):
    assert KV("kv", "v2", may_repeat_mount=False).data_path(key) == f"kv/data/{key}"
    assert KV("kv", "v1", may_repeat_mount=False).data_path(key) == f"kv/{key}"


NAMES = st.lists(st.sampled_from(["secret", "data", "kv", "a", "secret-b"]), min_size=1, max_size=5).map("/".join)


@given(
    NAMES, st.sampled_from(["secret", "kv", "secret/data", "a/secret"]), st.sampled_from(["v1", "v2"]), st.booleans()
)
def test_the_key_of_a_listed_name_reads_just_that_secret(name, mount, version, may_repeat_mount):
    kv = KV(mount, version, may_repeat_mount)
    assert kv.data_path(kv.key_of(name)) == (f"{mount}/data/{name}" if version == "v2" else f"{mount}/{name}")


@given(NAMES)
def test_most_names_are_their_own_keys(name):
    assume(not name.startswith("secret/"))
    assert KV("secret").key_of(name) == name


@pytest.mark.parametrize(
    ("server", "path", "expected"),
    [
        ("https://v:8200", "secret/data/foo", "https://v:8200/v1/secret/data/foo"),
        ("https://v:8200/", "secret/data/foo", "https://v:8200/v1/secret/data/foo"),
        ("https://v/behind/a/proxy/", "s/foo", "https://v/behind/a/proxy/v1/s/foo"),
        ("https://v", "s/a b", "https://v/v1/s/a%20b"),
        ("https://v", "s/a%2Fb", "https://v/v1/s/a%252Fb"),
        ("https://v", "s/a?b=c", "https://v/v1/s/a%3Fb=c"),
        ("https://v", "s/a#b", "https://v/v1/s/a%23b"),
        ("https://v", "s/$&+,:;=@-_.~", "https://v/v1/s/$&+,:;=@-_.~"),
        ("https://v", "s/!*'()[]\"<>\\^`{|}", "https://v/v1/s/%21%2A%27%28%29%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("https://v", "s/schlüssel", "https://v/v1/s/schl%C3%BCssel"),
        ("https://v", "s//a///b/", "https://v/v1/s/a/b"),
        ("https://v", "s/./a", "https://v/v1/s/a"),
        ("https://v", "s/...", "https://v/v1/s/..."),
        ("https://u:p@v", "s/a", "https://u:p@v/v1/s/a"),
    ],
)
def test_urls_are_those_of_the_go_client(server, path, expected):
    assert url(server, path) == expected


@pytest.mark.parametrize("path", ["s/data/../../sys/health", "..", "s/data/.."])
def test_no_key_leaves_its_mount(path):
    with pytest.raises(InvalidSpec, match=r"\.\."):
        url("https://v", path)


@given(st.text(min_size=1).filter(lambda text: not {"", ".", ".."} & set(text.split("/"))))
def test_a_server_reads_back_what_was_escaped(key):
    parts = urlsplit(url("https://v", f"s/{key}"))
    assert unquote(parts.path, errors="strict") == f"/v1/s/{key}".encode(errors="replace").decode()
    assert parts.netloc == "v"
    assert not parts.query
    assert not parts.fragment
