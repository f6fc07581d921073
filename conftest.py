"""For the whole project: pytester, with which the plugin is tried as its users run it."""

pytest_plugins = ["pytester"]
