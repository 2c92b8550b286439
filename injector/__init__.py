"""Shell two: from annotations, to files; and local mode, the same core without a cluster."""
