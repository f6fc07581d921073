"""Change data capture: connector settings as data, the envelope of a table, migrations judged before they run."""
