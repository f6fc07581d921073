"""Tests of the registry: the store as a function, the server over real HTTP, with the clients that people use."""
