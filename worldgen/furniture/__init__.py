"""Furniture of rooms, made by rule: every piece in its own axes, its front towards +Y, standing on z = 0."""
