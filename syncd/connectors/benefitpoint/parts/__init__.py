"""What a BenefitPoint plan is made of: product, benefit summaries, rates, contributions, eligibility rules.

One module a part. Each takes the plain data of the part and what the tenant calls things, and gives the same data with
annotations under keys that begin with `_`; those of parts that can be written also fold a changed annotation back into
the vendor's own fields.
"""
