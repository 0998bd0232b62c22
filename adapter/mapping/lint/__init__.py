"""What a mapping that loads may still get wrong: clinical and technical findings, one file a family of rules."""
