"""The agent: reads the hand-off, resolves what it names with the pod's own identity, writes files and keeps them
fresh.
"""
