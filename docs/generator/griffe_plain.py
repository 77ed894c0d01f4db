"""Turns this project's docstrings into Markdown for the reference: `name: what it is.` becomes an item of a list."""

from __future__ import annotations

import re

import griffe

ITEM = r"(?:\*{0,2}[a-z_]+(?:, \*{0,2}[a-z_]+)*: )"


class PlainDocstrings(griffe.Extension):
    """Rewrites docstrings; fields that have a comment behind them, and no docstring, get the comment as one."""

    def on_package(self, *, pkg, **_):
        self._visit(pkg)

    def _visit(self, obj) -> None:
        for member in obj.members.values():
            if member.is_alias:
                continue
            if member.docstring is not None:
                member.docstring.value = markdown(member.docstring.value)
            elif member.is_attribute and (comment := comment_behind(member)):
                member.docstring = griffe.Docstring(comment, parent=member)
            self._visit(member)


def comment_behind(attribute) -> str:
    """What follows # on the last line of a field, or stands on the lines above it."""
    try:
        lines = attribute.lines_collection[attribute.filepath]
        last = attribute.endlineno or attribute.lineno
        _code, sign, comment = lines[last - 1].partition("  # ")
        above: list[str] = []
        row = attribute.lineno - 2
        while row >= 0 and lines[row].strip().startswith("# "):
            above.insert(0, lines[row].strip()[2:])
            row -= 1
    except (KeyError, IndexError, TypeError):
        return ""
    text = comment if sign else " ".join(above)
    return markdown(text[:1].upper() + text[1:]) if text else ""


def markdown(text: str) -> str:
    """A docstring: parameters as a list, Returns and Raises as paragraphs, * and < as they stand."""
    out: list[str] = []
    in_list = False
    for line in re.sub(r"\. {3}(?=\w)", ".\n", text).splitlines():
        if line.startswith("    ") or not line.strip():
            in_list = False
            out.append(line)
            continue
        plain = line.strip().replace("*", r"\*").replace("<", "&lt;")
        plain = re.sub(r"(`[^`]*`)", lambda m: m[0].replace(r"\*", "*").replace("&lt;", "<"), plain)
        if re.match(ITEM, line):
            names, _, rest = plain.partition(": ")
            names = ", ".join(f"`{n}`" for n in names.replace(r"\*", "*").split(", "))
            out += ([] if in_list else [""]) + [f"- {names}: {rest}"]
            in_list = True
        elif re.match(r"(Returns|Raises|Source)\b", line):
            out += ["", plain]
            in_list = False
        else:
            out.append(("  " if in_list else "") + plain)
    return "\n".join(out)
