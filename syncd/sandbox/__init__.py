"""Vendors to practise on: servers on loopback that behave as the vendors' documents, or our contracts, say.

A process of its own that imports no other syncd module, so that a mistake of a connector is not repeated by what it is
tested against. Written from the same documents as the connectors, by other hands. The alternative, a double inside
each connector, agrees with its connector by construction and finds nothing.

`server` listens and stops; `wire` counts requests and plays the faults of a network; `backdoor` is what only a sandbox
has (reset, snapshots, clock, faults, edits by a vendor's user); each vendor is a folder with a `build` (see `vendor`).
"""
