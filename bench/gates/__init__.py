"""What gates and revocation must show: how fast decisions are, and that nothing reaches who has lost access."""
