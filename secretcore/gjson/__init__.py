"""gjson paths: which part of a JSON document a property names.

The property language of secrets (`remoteRef.property`) is what the Go library github.com/tidwall/gjson
evaluates; this package evaluates the same paths to the same answers, on invalid documents too. Document and
path come from providers and manifests; the answer goes back to the provider that asked.
"""

from secretcore.gjson.lookup import get
from secretcore.gjson.path import escape
from secretcore.gjson.value import Result, Type

__all__ = ["Result", "Type", "escape", "get"]
