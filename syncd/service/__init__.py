"""The hour: one process that reads every system and runs every group, each in its own time, until it is told to stop.

An engine (`engine.py`) knows when a group is due and runs its handler; it knows nothing of plans. What is run is the
same `observe` and `run_once` that `syncd sync` calls. Several engines may stand behind the port; the embedded one needs
no other program. Its times live in the run table, not in a job store: APScheduler's own would forget missed runs.
"""
