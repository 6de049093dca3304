"""Scene files in, persistent worlds out: geometry, cameras, characters and light. No torch, no drawing."""
