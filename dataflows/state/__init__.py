"""What all state is made of: arrays, compiled kernels, clocks and snapshots."""
