"""Write plans: how the resources of one score get onto a server, and what follows on each of its answers."""
