"""Metrics: one file around one function each; arrays in, numbers out.

Shape letters: n images, k classes, r raters, m classifiers (people or machines). A label matrix is (n, m),
one column a classifier, -1 where it did not see the image. Degenerate input gives NaN, never a warning.
"""
