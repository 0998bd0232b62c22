"""Sockets out, and the write plans."""
