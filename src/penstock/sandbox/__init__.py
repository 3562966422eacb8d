"""The rest of AWS, simulated by moto, or answered by whom the settings name."""
