"""The story of two file drops: real public plans laid out as two vendors' files, and what their users do to them.

`seed` reads the figures, `layout` shapes them (pure), `drops` writes and edits the files as a vendor's own user would,
`story` says which plans are linked and what is edited. Nothing here knows a mapping: the drops are one author's word
and `mappings/quote.yaml` and `mappings/crm.yaml` are another's, so that each proves the other.
"""
