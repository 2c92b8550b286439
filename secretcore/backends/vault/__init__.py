"""Vault and OpenBao, which speak one API: where KV secrets stand (`paths`), how to log in (`login`), what refusals mean
(`refusals`), one logged-in server (`session`) and reading KV secrets from it (`kv`). Two providers stand on it.
"""
