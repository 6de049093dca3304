"""Pocket: the embedded diffusion model, small enough to ship with the code."""
