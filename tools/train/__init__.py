"""Data, truth, training and evaluation of the embedded model."""
