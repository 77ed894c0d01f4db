"""Reads the project's Markdown for the tests of the documentation: pages, code blocks, commands, sentences."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUNDLES = ROOT / "python" / "diffusiontalker" / "bundles"
README = ROOT / "README.md"
CARDS = sorted(BUNDLES.glob("*/README.md"))
DOCS = sorted((ROOT / "docs").rglob("*.md"))
TRAINING = sorted(p for p in (ROOT / "training").rglob("*.md") if "node_modules" not in p.parts)
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *CARDS, *DOCS, *TRAINING]
PAGES += sorted(p for p in (ROOT / "examples").rglob("README.md") if "output" not in p.parts)
PAGES += sorted((ROOT / "benchmarks").glob("*.md"))
PAGES += [ROOT / "CHANGELOG.md", ROOT / "python" / "diffusiontalker" / "assets" / "README.md"]
RECIPES = sorted((ROOT / "training" / "recipes").glob("*.sh"))
HEADERS = sorted((ROOT / "csrc" / "include" / "dt").glob("*.h*"))


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced code blocks of a page in one of these languages; "" is a fence without a name."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language in languages]


def commands(page: Path) -> list[str]:
    """Every call of `diffusiontalker` or `python -m MODULE` in the shell blocks of a page, variables filled in."""
    return commands_of("\n".join(blocks(page, "bash", "sh", "")))


def commands_of(script: str) -> list[str]:
    """The same of the lines of a shell script."""
    found = []
    variables: dict[str, str] = {}
    for line in re.sub(r"\s*\\\n\s*", " ", script).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line)
        if match := re.match(r'\s*([A-Za-z]+)="(.*)"\s*$', line):
            variables[match[1]] = filled(match[2], variables)
            continue
        parts = re.split(r"\s\|\s|&&|;", filled(line, variables))
        calls = (re.search(r"(?:^|\s)((?:diffusiontalker|python -m [\w.]+)(?:\s[^>]*|$))", part) for part in parts)
        found += [re.split(r"\s{3,}", call[1].strip())[0] for call in calls if call]
    return found


def filled(line: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$([A-Za-z]+)\b", lambda m: variables.get(m[1], m[0]), line)


def inline_commands(page: Path) -> list[str]:
    """The same in running text: `diffusiontalker info`, `python -m training.eval style`."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    spans = (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text))
    return [
        s for s in spans if re.match(r"(diffusiontalker|python -m (training|benchmarks|diffusiontalker)[\w.]*)( |$)", s)
    ]


def options_of(command: str) -> set[str]:
    return set(re.findall(r"(?<=\s)--[a-z][a-z0-9-]+", command))


def sentences(text: str) -> tuple[list[str], list[str]]:
    """(sentences of the running text, cells of tables) of a page, links and code reduced to their words."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`", "CODE", text)
    prose, cells, paragraph = [], [], []

    def close() -> None:
        joined = " ".join(paragraph)
        prose.extend(s for s in re.split(r"(?<=[.!?])\s+(?=[A-Z\"(])", joined) if len(s.split()) > 1)
        paragraph.clear()

    for line in text.splitlines():
        line = line.strip()
        if line.startswith("|"):
            close()
            cells += [cell.strip() for cell in line.strip("|").split("|") if re.search(r"\w", cell)]
            continue
        if not line or re.match(r"[-*] |\d+\. |#|<|:::|!!!", line):
            close()
        if line and not re.match(r"#|<|:::|!!!", line):
            paragraph.append(re.sub(r"^([-*]|\d+\.) ", "", line).replace("**", ""))
    close()
    return prose, cells


def n_words(sentence: str) -> int:
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())


def header_sentences(text: str) -> list[str]:
    """Sentences of the comments of a C or C++ header. Lines of code and of tables end a paragraph, and so does a
    parameter (`name [in]`)."""
    bodies = [m[0] for m in re.finditer(r"/\*.*?\*/|(?:^[ \t]*//[^\n]*\n)+", text, re.DOTALL | re.MULTILINE)]
    found, paragraph = [], []

    def close() -> None:
        parts = re.split(r"(?<=[.:;!?])\s+(?=[A-Z\"(\d])|(?<=[.])\s{2,}", " ".join(paragraph))
        found.extend(s for s in parts if len(s.split()) > 1)
        paragraph.clear()

    for body in bodies:
        for line in body.splitlines():
            line = re.sub(r"^\s*(/\*|\*/|\*|//)|\*/$", "", line).rstrip()
            is_code = re.match(r"\s{2,}\S.*[;{}]|.*\S {3,}\S|\s*-{3,}", line)
            if is_code or not line.strip() or re.match(r"\s+(- |\d\. )|\s*\w+(, \w+)* \[(in|out)\]", line):
                close()
            if line.strip() and not is_code:
                paragraph.append(line.strip())
        close()
    return found
