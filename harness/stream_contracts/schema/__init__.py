"""What a schema means, and when two agree."""
