"""Shell one: from the cluster, to the cluster."""
