"""syncd keeps employee-benefit plans in step across systems; it asks a person wherever no rule decides."""
