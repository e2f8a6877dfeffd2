"""Apply: journal, write, read back, confirm, and recover what a killed run left."""
