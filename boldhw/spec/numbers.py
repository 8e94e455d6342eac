"""Arithmetic that has no operator."""


def ceil_div(a: int, b: int) -> int:
    """Return ``a / b`` rounded up. a, b: integers, b above 0."""
    return -(-a // b)
