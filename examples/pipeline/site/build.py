"""Makes dist/ of pages/: each text becomes a page in the frame that all share."""

import html
import os
import sys
from pathlib import Path
from string import Template

FRAME = Template(Path("frame.html").read_text())


def main() -> int:
    pages = sorted(Path("pages").glob("*.txt"))
    Path("dist").mkdir(exist_ok=True)
    links = "\n".join(f'<li><a href="{page.stem}.html">{page.stem}</a></li>' for page in pages)
    for page in pages:
        title, _, text = page.read_text().partition("\n")
        paragraphs = "\n".join(f"<p>{html.escape(part)}</p>" for part in text.strip().split("\n\n"))
        whole = FRAME.substitute(
            title=html.escape(title),
            links=links,
            text=paragraphs,
            commit=os.environ.get("COMMIT", "none"),
        )
        Path("dist", f"{page.stem}.html").write_text(whole)
    print(f"{len(pages)} pages")
    return 0 if pages else 1


if __name__ == "__main__":
    sys.exit(main())
