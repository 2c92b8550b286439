"""What providers and generators of one backend share: transport, signatures, logins."""
