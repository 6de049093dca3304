"""Passes in, consistent frames out: controls, denoisers, guidance, jobs and metrics."""
