"""What all tests share: hypothesis without a clock, because a slow machine is not a wrong answer."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("syncd", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("syncd")
