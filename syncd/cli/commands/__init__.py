"""What the commands do. Each takes a `Session` and plain arguments, prints, and gives its exit code."""
