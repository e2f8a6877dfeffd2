"""Connectors: one folder a system, each speaking its vendor's words through the protocol of `base.py`."""
