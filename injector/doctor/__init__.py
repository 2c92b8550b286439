"""`doctor`: why an ExternalSecret or a pod is not ready. `gather_…` read what there is, as the caller, into `facts`;
`judge_…` find in them what is wrong, as pure functions; `text` prints the findings, `command_line` joins them.
"""
