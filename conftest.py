def pytest_addoption(pluginmanager):
    # Not pytest_plugins: that is for top-level conftests only, and `pytest --same-eyes` elsewhere finds this one below.
    pluginmanager.import_plugin("same_eyes.plugin")
