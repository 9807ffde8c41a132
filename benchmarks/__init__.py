"""The speed figures, each against a peer, a target or the machine's own limit, in one run."""
