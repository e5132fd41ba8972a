"""The one exception for what the user can mend."""


class AstroTLError(Exception):
    """Something the user can understand and mend.

    `title` says what happened in at most six words; `detail` says where, what is safe and how to mend it.
    The command line prints both on one line and exits with 2; the window shows a message card.
    """

    def __init__(self, title: str, detail: str = "") -> None:
        super().__init__(title, detail)
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        line = f"{self.title}: {self.detail}" if self.detail else self.title
        return " ".join(line.split())
