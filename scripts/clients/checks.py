"""What programs that ask a data plane with other people's clients hold its answers to, and by which keys they ask."""

import os
import pathlib
import sys

# How many checks have held.
count = 0


def check(name, is_so):
    """Counts a check that holds; one that does not ends the program."""
    global count
    if not is_so:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: expected {name}, found otherwise")
    count += 1


def bearer(model):
    """The header field that opens a model, in the lower case that gRPC asks for."""
    return {"authorization": f"Bearer {os.environ[model.upper() + '_KEY']}"}


def texts(array):
    """The values of an array of texts, be they bytes or not."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in array.reshape(-1)]
