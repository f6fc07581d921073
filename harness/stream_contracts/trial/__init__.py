"""One run of a plan, and the sweep over all of them."""
