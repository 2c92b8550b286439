"""The Secret that an ExternalSecret wants, in ESO's terms: `desired` builds it from what was read and what is there,
`secret` is one as an API server holds it, `hashing` makes the hashes that ESO leaves on it. Pure; the controller writes
it, `diff` shows what would change.
"""
