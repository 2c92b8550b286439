"""How much a template may do: tenants write them, and one event loop renders for all.

`Budget` is the policy, immutable; `Meter` is what one rendering has left of it. The evaluator charges every
node and every function call, functions charge what they are about to build *before* they build it. One step
is about as much work as evaluating one field with its action, about a microsecond; the default of steps
keeps a pure rendering well under 50 ms.
"""

from dataclasses import dataclass

from secretcore.template.errors import BudgetError

BYTES_PER_STEP = 512
"""How many bytes of string work (copy, search, hash, encode) cost as much as one step."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one rendering; lengths in bytes or elements."""

    steps: int = 15_000
    output: int = 2 * 1024 * 1024
    string: int = 2 * 1024 * 1024
    elements: int = 20_000
    depth: int = 60
    native: int = 64
    """Units of slow native work, for all functions together; functions say what they cost, 10 for an RSA key,
    4 for a bcrypt hash, 1 for a PKCS#12 file.
    """
    document: int = 1024 * 1024
    """Largest PEM, PKCS#12, JSON or YAML text that functions read."""
    regex: int = 4096
    """Longest regular expression, in bytes."""


class Meter:
    """What is left of a budget during one rendering."""

    __slots__ = ("budget", "native_left", "steps_left")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.steps_left = budget.steps
        self.native_left = budget.native

    def step(self, count: int = 1) -> None:
        """Charge so many steps. BudgetError once none are left."""
        self.steps_left -= count
        if self.steps_left < 0:
            raise BudgetError(f"the template takes more than {self.budget.steps} steps")

    def string(self, length: int) -> None:
        """Charge for a string of so many bytes that is about to be built or read."""
        if length > self.budget.string:
            raise BudgetError(f"a string of more than {self.budget.string} bytes")
        self.step(length // BYTES_PER_STEP + 1)

    def elements(self, count: int) -> None:
        """Charge for a list or map of so many elements that is about to be built or walked."""
        if count > self.budget.elements:
            raise BudgetError(f"a list of more than {self.budget.elements} elements")
        self.step(count // 4 + 1)

    def native(self, units: int) -> None:
        """Charge slow native work: key generation, key derivation, certificates."""
        self.native_left -= units
        if self.native_left < 0:
            raise BudgetError(f"keys, certificates and password hashes cost more than {self.budget.native} units")

    def document(self, length: int) -> None:
        """Check the size of a document that is about to be parsed."""
        if length > self.budget.document:
            raise BudgetError(f"a document of more than {self.budget.document} bytes")
        self.step(length // BYTES_PER_STEP + 1)

    def regex(self, length: int) -> None:
        """Check the length of a regular expression that is about to be compiled."""
        if length > self.budget.regex:
            raise BudgetError(f"a regular expression of more than {self.budget.regex} bytes")
        self.step(length + 1)
