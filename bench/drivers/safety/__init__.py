"""What keeps a bench safe beside the program: a switch that a person hits, and a sign of life for hardware."""
