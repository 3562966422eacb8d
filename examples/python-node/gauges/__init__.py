"""River gauges: takes readings of water levels, tells which rivers are rising."""
