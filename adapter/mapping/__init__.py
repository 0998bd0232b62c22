"""A site's mapping file: its words become the one content model, without code."""
