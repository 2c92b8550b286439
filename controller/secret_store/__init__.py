"""SecretStores and ClusterSecretStores are validated: gather reads and asks, decide judges, apply writes the status."""
