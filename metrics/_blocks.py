"""Blocks of images: a sum over images needs no more memory than one block of them.

What is summed takes `array[rows]` of each slice, so that a memory-mapped array is read a block at a time. Whole
numbers are added exactly, and then the size of a block changes no result.
"""

from collections.abc import Iterator

ENTRIES = 2**20  # of an array, at a time: they stay in the cache, and float32 counts so many images exactly


def blocks(n: int, width: int) -> Iterator[slice]:
    """Slices that part n images of so many entries each; at least one image a slice.

    >>> list(blocks(3, width=ENTRIES // 2))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    rows = max(1, ENTRIES // max(width, 1))
    return (slice(start, start + rows) for start in range(0, n, rows))
