"""A hospital's words become the one content model: one closed YAML file a sender, no code, nothing lost in silence."""
