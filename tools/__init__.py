"""What people run: the command line, benchmarks, and the training of the embedded model."""
