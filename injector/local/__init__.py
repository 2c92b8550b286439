"""Local mode: the same core without a cluster. Manifests come from files, Secrets go to standard output or to files.

`manifests` reads the files, `stores` and `credentials` answer the core from them, `output` prints, and `command`
joins them; `deliver` writes files instead, through the agent.
"""
