"""ExternalSecrets become Secrets: gather reads, due and decide judge, apply writes, status says what became of it."""
