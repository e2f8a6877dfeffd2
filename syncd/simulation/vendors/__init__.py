"""The simulation over HTTP: the same properties, held against PerfectQuote's and BenefitPoint's sandboxes.

The sandboxes are a process of their own, started as a user starts them; nothing of them is imported. People edit
through their back doors in the vendors' own words, so that what is checked is the whole way of a value: the vendor's
screen, its API, connector, mapping, merge, and back. Checks and stage are those of the simulation in memory.
"""
