"""`explain`: each step of an ExternalSecret, with sizes and hashes in place of values. `explanation` puts together what
is told, `text` and `document` print it, `command_line` joins them.
"""
