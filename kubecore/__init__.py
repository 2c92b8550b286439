"""Kubernetes, and nothing of secrets."""
