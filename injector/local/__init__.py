"""Local mode: the same core without a cluster. Manifests come from files, Secrets go to standard output or to files.

`manifests` reads the files, `references` what they refer to in a cluster, `stores` and `credentials` answer the core
from both, `opening` joins these for the commands: `command` (render), and `explain` and `diff` beside this package;
`deliver` writes files instead, through the agent.
"""
