"""From a spec to data. No Kubernetes, no files, no processes, no logging."""
