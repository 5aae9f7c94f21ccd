"""The quantizers."""
