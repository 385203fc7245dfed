"""What tries to break readers may ask for little memory: a bomb is then a MemoryError, not a dead machine."""

import resource
from pathlib import Path

import pytest

SPARE = 2 * 2**30  # bytes of address space beyond what is in use


@pytest.fixture(autouse=True)
def little_memory():
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = Path("/proc/self/statm")
    if not pages.exists():  # not Linux: no way to know what is in use
        yield
        return
    in_use = int(pages.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + SPARE, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
