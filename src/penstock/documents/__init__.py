"""What users write, as frozen values; every problem found carries its place in the file."""
