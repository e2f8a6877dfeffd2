"""The demo: a story on real public plans, told with syncd's own commands in a folder that stays.

`vendors` is the story of PerfectQuote and BenefitPoint, on a sandbox that runs as its own process; `files` the one of
two file drops (`syncd demo --files`). `telling` is how both are told, `folder` where.
"""
