"""One file per secret backend. Reached through the registry, never imported."""
