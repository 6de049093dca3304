"""Worlds in, exact pictures of them out: visibility buffers, passes, correspondence. No diffusion."""
