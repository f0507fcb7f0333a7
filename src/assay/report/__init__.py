"""Floor 5: what a study found, as one self-contained HTML page and as text in the terminal.

Reads the files of a study folder and nothing else. A study's own pictures live in `charts/`; everything else here
serves every study.
"""

from assay.report.page import render as render
from assay.report.terminal import terminal as terminal
