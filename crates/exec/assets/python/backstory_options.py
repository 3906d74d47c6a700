"""Which tests does a project itself leave out?

In: the `addopts` of the project's pytest configuration, which the command
empties because it may name plugins that are not installed. Out: those of its
options that choose tests, e.g., `-m "not stress"`.
"""

import ast
import configparser
import re
import shlex

#: Options that choose tests; each takes a value.
CHOOSING = ("-m", "-k", "--ignore", "--ignore-glob", "--deselect", "--import-mode")

#: The value of `addopts` in TOML; such strings and lists are valid Python.
TOML_VALUE = re.compile(
    r'^[ \t]*addopts[ \t]*=[ \t]*(\[[^\]]*\]|"""[\s\S]*?"""|"[^"\n]*"|\'[^\'\n]*\')', re.M
)


def choosing_options(config):
    """Returns the options of the configuration file that choose tests."""
    path = getattr(config, "inipath", None) or getattr(config, "inifile", None)
    if path is None:
        return []
    try:
        with open(str(path), "rb") as file:
            text = file.read().decode("utf-8")
        words = toml_words(text) if str(path).endswith(".toml") else ini_words(text)
    except (OSError, ValueError, SyntaxError, configparser.Error):
        return []
    return chosen(words)


def toml_words(text):
    """Returns the words of `addopts` in a TOML file."""
    found = TOML_VALUE.search(text)
    if found is None:
        return []
    value = ast.literal_eval(found.group(1))
    return value if isinstance(value, list) else shlex.split(value)


def ini_words(text):
    """Returns the words of `addopts` in an INI file."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    for section in ("pytest", "tool:pytest"):
        if parser.has_option(section, "addopts"):
            return shlex.split(parser.get(section, "addopts") or "", comments=True)
    return []


def chosen(words):
    """Returns those of the words that are choosing options, with their values."""
    kept, left = [], list(words)
    while left:
        word = left.pop(0)
        if word in CHOOSING and left:
            kept += [word, left.pop(0)]
        elif word.partition("=")[0] in CHOOSING[2:] and "=" in word:
            kept.append(word)
        elif word[:2] in CHOOSING and len(word) > 2:
            kept.append(word)
    return kept


def import_mode(options):
    """Returns the import mode that the options ask for, or nothing."""
    for place, word in enumerate(options):
        if word == "--import-mode":
            return options[place + 1]
        if word.startswith("--import-mode="):
            return word.partition("=")[2]
    return None
