"""Symmetric cross entropy, packaged for the same-eyes suite."""
