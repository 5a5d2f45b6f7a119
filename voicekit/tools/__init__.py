"""What one runs rather than imports: commands, set-up, the doctor and the probe."""
