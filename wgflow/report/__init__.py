"""One self-contained HTML file of what a command left in a folder."""
