"""Choose a content coding that the client accepts (RFC 9110, section 12.5.3)."""

from collections.abc import Collection, Sequence

PREFERENCE = ("br", "gzip", "identity")  # between codings that the client likes equally


def encoding(accept: Sequence[str], available: Collection[str]) -> str:
    """The best of `available` for these `Accept-Encoding` lines; `identity` if none will do.

    The client's highest weight wins, then the smallest result. `identity` comes last unless it was
    given a weight. Whatever is malformed counts as refused. A client that refuses everything,
    `identity` included, still gets `identity`: RFC 9110 lets a server disregard the header, and an
    answer that can be read beats a 406.

    >>> encoding(["gzip, deflate, br"], {"br", "gzip"})
    'br'
    >>> encoding(["br;q=0, *"], {"br", "gzip"})
    'gzip'
    """
    weights = _weights(",".join(accept))
    rest = weights.get("*", 0.0)
    scores = {name: weights.get(name, rest) for name in PREFERENCE if name in available}
    scores["identity"] = weights.get("identity", 0.0)
    best = max(scores, key=lambda name: (scores[name], -PREFERENCE.index(name)))
    return best if scores[best] > 0 else "identity"


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for item in accept.lower().split(","):
        name, _, parameters = item.partition(";")
        name = name.strip().removeprefix("x-")  # x-gzip is gzip (section 8.4.1.3)
        weight = _weight(parameters)
        # A coding named twice is refused if either says so: the careful reading of a contradiction.
        weights[name] = min(weight, weights.get(name, weight))
    return weights


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0  # NaN is not between 0 and 1 either
    return 1.0
