"""What runs: brokers and their neighbours."""
