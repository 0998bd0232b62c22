"""The exit codes of every command (docs/formats.md)."""

OK = 0
FINDING = 1
BAD_INPUT = 2
ENVIRONMENT = 3
