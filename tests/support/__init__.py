"""The test bed: real servers, built or installed on first use into a cache outside the tree (`paths`), started on free
loopback ports.

Tests ask for it through the fixtures of `tests.support.fixtures`; nothing here is shipped.
"""
