"""Hooks of mkdocs: they add the C reference and the files of the repository that pages link to.

A page may link to any file of the checkout, as on a code host: `[dt.h](../csrc/include/dt/dt.h)`. The site has a copy
of each such file below `repository/`; Markdown among them becomes a page, whose links are followed in turn.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))
import c_reference
import diagrams

ROOT = Path(__file__).resolve().parents[2]
HEADERS = "csrc/include/dt/"
SHOWN_AS_THEY_ARE = (".png", ".svg", ".json", ".gif", ".mp4", ".jpg")
LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")


def on_files(files, config):
    for name, text in c_reference.pages(ROOT / HEADERS).items():
        files.append(File.generated(config, f"reference/c/{name}.md", content=text))
    for name, text in diagrams.all_diagrams(ROOT).items():
        files.append(File.generated(config, f"images/{name}", content=text))
    waiting = ["docs/" + f.src_uri for f in files.documentation_pages() if not f.src_uri.startswith("reference/c/")]
    waiting += [uri.removeprefix("repository/") for uri in _named(config.nav) if uri.startswith("repository/")]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        if not path.startswith("docs/") and files.get_file_from_path(site_path(path)) is None:
            _add(files, config, path)
        if not path.endswith(".md") or not (ROOT / path).is_file():
            continue
        for target in targets(path, (ROOT / path).read_text(encoding="utf-8")):
            if target not in seen:
                seen.add(target)
                if not target.startswith(("docs/", HEADERS)):
                    waiting.append(target)
    return files


def on_page_markdown(markdown, page, config, files):
    source = repository_path(page.file.src_uri)
    return markdown if source is None else rewritten(source, page.file.src_uri, markdown)


def rewritten(source: str, page: str, markdown: str) -> str:
    """A page's text with its links to files of the repository pointing into the site."""

    def replace(match: re.Match) -> str:
        target = resolved(source, match[2])
        if target is None:
            return match[0]
        return match[1] + relpath(site_path(target), str(PurePosixPath(page).parent)) + match[3]

    return LINK.sub(replace, markdown)


def targets(source: str, markdown: str) -> list[str]:
    """Files and folders of the repository that a page links to, seen from its root."""
    found = (resolved(source, match[2]) for match in LINK.finditer(markdown))
    return [path for path in found if path is not None]


def resolved(source: str, link: str) -> str | None:
    """Path from the repository's root; None: another site, or nothing that is there."""
    if re.match(r"[a-z]+:|/", link):
        return None
    path = normpath(f"{PurePosixPath(source).parent}/{link}")
    return path if not path.startswith("..") and (ROOT / path).exists() else None


def repository_path(page: str) -> str | None:
    """Where a page of the site comes from; None: it is generated."""
    if page.startswith("repository/"):
        return page.removeprefix("repository/")
    return None if page.startswith("reference/c/") else "docs/" + page


def site_path(path: str) -> str:
    """Where the site keeps a file or folder of the repository."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith(HEADERS) and (ROOT / path).is_file():
        return f"reference/c/{c_reference.page_of(PurePosixPath(path).name)}.md"
    if (ROOT / path).is_dir():
        return f"repository/{path}/README.md"
    shown = path.endswith((".md", *SHOWN_AS_THEY_ARE))
    return f"repository/{path}" if shown else f"repository/{path}.txt"  # browsers show .txt, and would save .cpp


def _add(files, config, path: str) -> None:
    source = ROOT / path
    if not source.is_dir():
        content = source.read_text(encoding="utf-8") if path.endswith(".md") else source.read_bytes()
        files.append(File.generated(config, site_path(path), content=content))
    elif (source / "README.md").is_file():
        text = (source / "README.md").read_text(encoding="utf-8")
        files.append(File.generated(config, site_path(path), content=text))
    else:
        listing = "\n".join(f"- `{p.name}`" for p in sorted(source.iterdir()) if not p.name.startswith("__"))
        files.append(File.generated(config, site_path(path), content=f"# {path}\n\n{listing}\n"))


def _named(nav) -> list[str]:
    """All page paths of the navigation."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [uri for part in parts for uri in _named(part)]
