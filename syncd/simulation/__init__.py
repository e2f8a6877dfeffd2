"""Simulation: seeded worlds, people, faults and kills, and the scenario tables that users write."""
