"""Mappings: vendor payloads <-> canonical plans, declared in `mappings/<system>.yaml`.

One declaration gives both directions, because two halves written apart drift apart; the alternative, a Python function
per direction, can be neither printed as a sync map nor checked by the people whose systems it describes.
"""
