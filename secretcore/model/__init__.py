"""The manifests as values: frozen structs, parsed leniently, and the source that the CRDs are generated from.

`declaration` says what every struct shares; `selectors`, `store` and `external_secret` hold the kinds. `parse` fills
them from dicts, `crd` turns them into schemas.
"""
