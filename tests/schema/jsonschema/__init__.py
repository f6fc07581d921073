"""JSON Schema: the registry verdict, the decoder verdict, and what they refuse."""
