"""The neutral world of the sandboxes: employers and plans as facts, before any vendor's words.

Both vendors of one process render the same world, each in its own words, so that what two systems hold of one plan
differs only where the seed says so.
"""
