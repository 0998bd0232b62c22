"""The clinical core: lesions in, a NETPET grade, its bounds and its reasons out. Standard library only, no clock."""
