"""One self-contained HTML file of what a command left in a folder."""

from wgflow.report.pages import write_report

__all__ = ["write_report"]
