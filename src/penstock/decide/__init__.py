"""What happens next. Pure: values in, values out; no I/O, no clock, no database."""
