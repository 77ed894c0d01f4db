"""Markdown pages of the C headers: their comments as text, their declarations as code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

CPP = ("dt.hpp", "device.hpp")  # shown as source, on one page
PARAMETER = r"\w+(?:, \w+)* \[(?:in|out|in, out)\]"
DECLARED = (
    r"^#define (DT_\w+)(?!\w)",
    r"^typedef struct (\w+) \{",
    r"^typedef struct \w+ (\w+);",
    r"^typedef \w+ \(\*(\w+)\)",
    r"^typedef \w+ (\w+);",
    r"\b(dt_\w+)\(",
)


@dataclass
class Entry:
    """A comment and what it is about. heading: of a group of entries instead."""

    comment: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    heading: str = ""

    @property
    def names(self) -> list[str]:
        depth, found = 0, []
        for line in self.code:
            if depth == 0:
                found += next(([m[1]] for m in (re.search(p, line) for p in DECLARED) if m), [])
            depth += line.count("{") - line.count("}")
        return list(dict.fromkeys(found))


def page_of(header: str) -> str:
    """Name of the page that tells about a header."""
    return "cpp" if header in CPP else header.removesuffix(".h")


def pages(folder: Path) -> dict[str, str]:
    """Name of each page -> its Markdown. folder: csrc/include/dt."""
    headers = {p.name: entries(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.h"))}
    homes = {name: page_of(h) for h, found in headers.items() for e in found for name in e.names}
    out = {page_of(h): page(h, found, homes) for h, found in headers.items()}
    sources = [f"## dt/{name}\n\n```cpp\n{(folder / name).read_text(encoding='utf-8').strip()}\n```\n" for name in CPP]
    out["cpp"] = "# C++ wrappers\n\nHeaders of C++17 above the C ABI, whole.\n\n" + "\n".join(sources)
    return out


def entries(text: str) -> list[Entry]:
    """The parts of a header in order; the first one is the comment of the file."""
    found: list[Entry] = []
    lines = iter(_without_guards(text))
    for line in lines:
        if match := re.match(r"/\* -{2,} (.+?) -{2,} \*/", line):
            found.append(Entry(heading=match[1]))
        elif line.startswith("/*"):
            found.append(Entry(comment=_comment(line, lines)))
        elif line.strip():
            block = _declaration(line, lines)
            if not found or found[-1].heading or (len(found) == 1 and not _is_about(found[0], block)):
                found.append(Entry())
            found[-1].code += block
        elif found and (found[-1].code or len(found) == 1):
            found.append(Entry())
    return [e for e in found if e.comment or e.code or e.heading]


def _is_about(first: Entry, block: list[str]) -> bool:
    """The first comment is the file's own, never a declaration's."""
    return bool(first.code) and bool(block)


def _without_guards(text: str) -> list[str]:
    """Lines without include guards, includes, the macros that export symbols, and extern "C"."""
    text = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", text, flags=re.DOTALL)
    text = re.sub(r"#if defined\(_WIN32\)\n(?:.*\n)*?#define DT_API\n#endif\n", "", text)
    drop = r"#ifndef DT_\w+_H|#define DT_\w+_H$|#endif|#include"
    return [line for line in text.splitlines() if not re.match(drop, line)]


def _comment(line: str, lines) -> list[str]:
    block = [line]
    while "*/" not in block[-1]:
        block.append(next(lines))
    inner = "\n".join(block).replace("/*", "", 1).rsplit("*/", 1)[0]
    return [re.sub(r"^ \* ?", "", part).rstrip() for part in inner.strip("\n").splitlines()]


def _declaration(line: str, lines) -> list[str]:
    """The lines of one declaration; bodies of inline functions are left out."""
    block = [line]
    if line.startswith("#define"):
        while block[-1].endswith("\\") or block[-1].count("/*") > block[-1].count("*/"):
            block.append(next(lines))
        return block
    while not _is_whole(block):
        block.append(next(lines))
    if "static inline" in line:
        return [re.sub(r"\s*\{.*", ";", line)]
    return block


def _is_whole(block: list[str]) -> bool:
    text = re.sub(r"/\*.*?\*/", "", "\n".join(block), flags=re.DOTALL)
    if "/*" in text or text.count("{") != text.count("}"):
        return False
    return text.rstrip().endswith((";", "}"))


def page(header: str, found: list[Entry], homes: dict[str, str]) -> str:
    me, parts = page_of(header), [f"# dt/{header}"]
    for entry in found:
        if entry.heading:
            parts.append(f"## {entry.heading}")
            continue
        if entry.names:
            level = "###" if any(e.heading for e in found) else "##"
            others = "".join(f'<a id="{name}"></a>' for name in entry.names[1:])
            parts.append(f"{level} {entry.names[0]} {{ #{entry.names[0]} }}")
            parts += [others] if others else []
        if entry.comment:
            parts.append(markdown(entry.comment, homes, me))
        if entry.code:
            parts.append("```c\n" + "\n".join(_without_comments(entry.code)) + "\n```")
            parts += [table] if (table := field_table(entry.code, homes, me)) else []
    return "\n\n".join(parts) + "\n"


def markdown(comment: list[str], homes: dict[str, str], me: str) -> str:
    """A comment as Markdown: indented lines are code, parameters a list, Returns a paragraph of its own."""
    out: list[str] = []
    kind = ""
    for line in _split_at_parameters(comment):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if not text:
            kind = ""
            out.append("")
        elif text.startswith("- ") or re.match(PARAMETER, text):
            if kind != "list":
                out.append("")
            kind = "list"
            text = re.sub(r"^(\w+(?:, \w+)*) (\[(?:in|out|in, out)\])", r"`\1` \2", text.removeprefix("- "))
            out.append("- " + _linked(text, homes, me))
        elif kind == "list" and indent:
            out.append("  " + _linked(text, homes, me))
        elif indent >= 2 and (kind != "text" or out[-1].endswith(":")):
            if kind != "code":
                out.append("")
            kind = "code"
            out.append("    " + line)
        else:
            starts = text.startswith("Returns") or (text[0].isupper() and out and out[-1].rstrip().endswith("."))
            if kind != "text" and not (kind == "list" and not starts):
                out.append("")
                kind = "text"
            if text.startswith("Returns"):
                out.append("")
                kind = "text"
            out.append(_linked(text, homes, me))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


def _without_comments(code: list[str]) -> list[str]:
    """A struct without its comments, which follow as a table; other declarations as they are."""
    if not code[0].startswith("typedef struct") or "{" not in code[0]:
        return code
    text = re.sub(r"[ \t]*/\*.*?\*/", "", "\n".join(code), flags=re.DOTALL)
    text = re.sub(r"\*\n\s+(?=\w+;)", "* ", text)
    return [re.sub(r"(?<=\S) {2,}", " ", line) for line in text.splitlines() if line.strip()]


def field_table(code: list[str], homes: dict[str, str], me: str) -> str:
    """Fields of a struct that have a comment, as a table; "" for anything else."""
    text = "\n".join(code)
    if not code[0].startswith("typedef struct") or "{" not in code[0]:
        return ""
    rows, before = [], ""
    body = text[text.index("{") + 1 : text.rindex("}")]
    for comment, declaration, behind in re.findall(
        r"/\*(.*?)\*/|([^;/]+;)[ \t]*(?:/\*(.*?)\*/)?", body, flags=re.DOTALL
    ):
        if not declaration:
            before = "" if comment.strip().endswith(":") else comment
            continue
        name = re.search(r"\(\*(\w+)\)|(\w+(?:\[\d+\])?(?:, \w+)*)\s*;", declaration)
        what = re.sub(r"\s+\*? *", " ", behind or before).strip().replace("|", "\\|")
        before = ""
        if name and what:
            rows.append(f"| `{name[1] or name[2]}` | {_linked(what, homes, me)} |")
    return "\n".join(["| field | meaning |", "|---|---|", *rows]) if rows else ""


def _split_at_parameters(comment: list[str]) -> list[str]:
    """Every parameter, and Returns, on a line of its own. The continuation of a parameter is indented."""
    out: list[str] = []
    for line in comment:
        indent = line[: len(line) - len(line.lstrip())]
        if not re.match(rf"{PARAMETER}|.*[.;:] +{PARAMETER}|.*\. Returns DT_", line.strip()):
            out.append(line)
            continue
        pieces = re.split(rf"(?<=[.;:]) +(?={PARAMETER}|Returns DT_)", line.strip())
        out += [indent + piece for piece in pieces]
    return out


def _linked(text: str, homes: dict[str, str], me: str) -> str:
    """Names of the library as code, with a link where a page has them."""

    def replace(match: re.Match) -> str:
        name = match[1]
        code = f"`{match[0]}`"
        if name not in homes:
            return code
        return f"[{code}]({'' if homes[name] == me else homes[name] + '.md'}#{name})"

    escaped = text.replace("*", "\\*").replace("<", "&lt;")
    return re.sub(r"(?<![\w/`\"])((?:dt|DT)_\w+|[a-z]+(?:_[a-z0-9]+)+)(?:\(\))?(?![\w(])", replace, escaped)
