"""Team rules: how a person and a machine, or two machines, answer together. One file a rule."""
