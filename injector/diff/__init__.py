"""`diff`: which Secrets of a cluster would change. `applied` says what an ExternalSecret from a file would be in the
cluster, `gather` resolves and reads, `judge` compares, `text` prints, `command_line` joins them.
"""
