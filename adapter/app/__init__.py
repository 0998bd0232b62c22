"""The wiring: builds each part once, starts, drains, stops."""
