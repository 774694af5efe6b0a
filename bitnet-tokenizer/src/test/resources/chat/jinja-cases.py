"""Writes jinja-cases.json: what Jinja2, set up as Hugging Face does, makes of jinja-cases.txt.

Run in this folder with Jinja2 3.1.6. The templates are separated by lines of three percent signs.
A case without "rendered" is one that the reference refuses, when parsing or when rendering.
"""

import datetime
import json
import os
import time

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = {
    "messages": [
        {"role": "system", "content": " Be nice. "},
        {"role": "user", "content": "Hi {{ x }} 'é' 😀\n"},
        {"role": "assistant", "content": "", "n": 3, "f": 1.5, "z": None, "b": True,
         "l": [1, "a", {"k": "v"}]},
    ],
    "add_generation_prompt": True,
    "bos_token": "<s>",
    "d": {"b": 1, "A": [True, None, 1e20], "c": {"x": "y<&>\u2028\x7f"}},
    "e": [],
    "s": "Hello wORLD-foo bar's (baz) ÉÀ ßx",
    "w": "  a b  c \n\t",
    "nums": [3, 1, 2.5, 10],
    "tools": None,
    "documents": None,
    "poem": "Hi <b>\nsecond\n\nfourth",
    "tree": [{"n": "a", "kids": [{"n": "b", "kids": [{"n": "c", "kids": []}]},
                                 {"n": "d", "kids": []}]}],
    "people": [{"name": "bob", "age": 3, "city": "X"}, {"name": "Al", "age": 1, "city": "Y"},
               {"name": "cy", "age": 2, "city": "x"}],
}

NOW = datetime.datetime(2024, 7, 6, 9, 5, 7, 12345)


class Generation(jinja2.ext.Extension):
    """The tag that transformers adds to mark what the model wrote."""

    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("_print")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(lineno)

    def _print(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def main():
    os.environ["TZ"] = "UTC"
    time.tzset()
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    with open("jinja-cases.txt", encoding="utf-8") as f:
        templates = f.read().rstrip("\n").split("\n%%%\n")
    cases = []
    for template in templates:
        case = {"template": template}
        try:
            case["rendered"] = env.from_string(template).render(**VARIABLES)
        except (jinja2.exceptions.TemplateError, SyntaxError, TypeError, ValueError,
                ZeroDivisionError):
            pass
        cases.append(case)
    with open("jinja-cases.json", "w", encoding="ascii") as f:
        json.dump({"variables": VARIABLES, "cases": cases}, f, indent=1)
        f.write("\n")


main()
