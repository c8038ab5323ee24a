"""Lines that differ from what was typed by one slip of the hand."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence

from wgflow.parser.likeness import distance, likeness

__all__ = ["edits"]

OTHERWISE = {",": ".", ".": ",", ";": ",", "_": "-", "-": "_", ":": "=", "\\": "/"}


def edits(words: Sequence[str], known: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the lines, those of the likeliest slips first.

    A letter that is lacking or exchanged is looked for in the known words alone.

    Parameters
    ----------
    words : sequence of str
    known : collection of str
        Words that are no slips of others, and may be meant by one.

    Yields
    ------
    tuple
        The words of a line, and those in place of which some of them stand.
    """
    line = tuple(words)
    for index, word in enumerate(line):
        if word not in known:
            near = (each for each in known if likeness(word, each) >= 0.5)
            for right in (*(each for each in near if distance(word, each) == 1), *_words(word)):
                yield (*line[:index], right, *line[index + 1 :]), word
    for index, (word, after) in enumerate(itertools.pairwise(line)):
        before, behind, typed = line[:index], line[index + 2 :], f"{word} {after}"
        if {word, after} - set(known):
            yield (*before, word + after, *behind), typed
        if word == after:
            yield (*before, word, *behind), typed
        else:
            yield (*before, after, word, *behind), typed


def _words(word: str) -> Iterator[str]:
    """Yield what a word may have been meant to be."""
    yield word.lower()
    places = range(len(word))
    for i in places[:-1]:
        if word[i] == word[i + 1]:
            yield word[:i] + word[i + 1 :]
        else:
            yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for i in places:
        if word[i] in OTHERWISE:
            yield word[:i] + OTHERWISE[word[i]] + word[i + 1 :]
    lacking = "".join(letter for letter in "=." if letter not in word and word[:1] != "-")
    for letter in lacking + (":" if "=" in word else ""):
        yield from (word[:i] + letter + word[i:] for i in places[1:])
