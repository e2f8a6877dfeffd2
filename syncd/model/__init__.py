"""What a plan is: canonical fields, paths and values, and the records that vendors keep. Nothing here does I/O."""
