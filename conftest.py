pytest_plugins = ["same_eyes.plugin"]
