"""The program's own version, as installed."""

from importlib.metadata import version

VERSION = version("netpet-adapter")
