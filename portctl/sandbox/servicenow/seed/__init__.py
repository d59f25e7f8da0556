"""What a freshly reset instance holds."""
