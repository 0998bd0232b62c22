"""Text of a sender on a terminal: nothing in it moves the cursor, colours the screen or turns the writing round."""


def visible(text: str) -> str:
    """Turn what cannot be seen, or controls a terminal, into its escape (``\\x1b``)."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
