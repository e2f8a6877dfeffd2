"""The story of PerfectQuote and BenefitPoint: both practised on in a sandbox, a process of its own.

`sandbox` starts and stops it, `people` do what the vendors' users do (by the sandbox's back door), `folder` is what the
story has on disk, `story` names its records and edits, `scenes` tell it.
"""
