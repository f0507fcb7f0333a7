"""Take a picture of a report: ``python scripts/screenshot.py FOLDER OUT.png [--dark] [--width 1280] [--full]``."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a study folder with a report.html, or a page")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--full", action="store_true", help="the whole page, not only its first screen")
    parser.add_argument("--print", action="store_true", dest="paper", help="as it looks on paper")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1500)
    parser.add_argument("--at", default="", help="an anchor to scroll to")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("asked for a picture; found no chromium; install it (apt-get install chromium)", file=sys.stderr)
        return 2
    page_file = given.folder if given.folder.suffix == ".html" else given.folder / "report.html"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(
            viewport={"width": given.width, "height": given.height},
            device_scale_factor=1,
            color_scheme="dark" if given.dark else "light",
        )
        page.on("console", lambda message: print(message.type, message.text, file=sys.stderr))
        page.goto(page_file.resolve().as_uri() + (f"#{given.at}" if given.at else ""), timeout=120_000)
        page.wait_for_function("window.assayChartsDrawn === window.assayChartsTotal", timeout=120_000)
        if given.paper:
            page.emulate_media(media="print")
        if given.at:
            page.evaluate("document.getElementById(location.hash.slice(1)).scrollIntoView()")
        page.wait_for_timeout(400)
        page.screenshot(path=str(given.out), full_page=given.full)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
