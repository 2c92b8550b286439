"""The tests. `tests.support` starts the real servers they talk to; its fixtures are loaded by conftest.py."""
