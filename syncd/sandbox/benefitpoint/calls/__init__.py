"""The calls of BrokerConnect, by module of the vendor's product. Each takes a `Call`, gives the response's child.

Importing a module registers its calls (`registry.CALLS`).
"""
