"""A schema registry: store, server, client."""
