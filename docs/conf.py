"""How Sphinx builds these pages: `make docs`, without a network and without warnings.

Pages of cases, solvers and the API are written at the start of a build, by the extensions of
docs/_ext, from the files themselves.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from wgflow import __version__  # noqa: E402

project = "wgflow"
author = "wgflow developers"
copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "sphinx_copybutton",
    "mathml",
    "gallery",
    "reference",
    "docstrings",
    "blocks",
    "choices",
    "samples",
]
exclude_patterns = ["_build", "_ext", "api/templates"]
nitpicky = True
# Types in docstrings and words of other packages, which are not looked up over the network.
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|scipy|matplotlib|h5py|mpi4py|petsc4py|fipy|argparse|pathlib)\..*"),
]

# --- Markdown ------------------------------------------------------------------------------------

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# Commands and terminal output stand in indented blocks.
highlight_language = "none"

# --- docstrings ----------------------------------------------------------------------------------

autosummary_ignore_module_all = False
autodoc_typehints = "none"  # types are in the docstrings, in words
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False
add_module_names = False
toc_object_entries_show_parents = "hide"
templates_path = ["api/templates"]

# --- pages ---------------------------------------------------------------------------------------

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "wgflow"
html_static_path = ["_static"]
html_css_files = ["wgflow.css"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme_options = {
    "logo": {"text": "wgflow"},
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"index": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
