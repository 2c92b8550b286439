"""The webhook: pods that opt in by annotation get the agent, its configuration and its volumes."""
