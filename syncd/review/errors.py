"""What is said about an answer that cannot be used: where it stands, what was seen, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Collection

from syncd.errors import RecordError


class ReviewError(RecordError):
    """An answer that cannot be used; nothing was applied."""

    hint = "Run `syncd review list` to see the open questions and their answers."

    def __init__(
        self,
        message: str = "",
        *,
        hint: str | None = None,
        key: str = "",
        question: str = "",
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, file=file, line=line)
        self.key, self.question = key, question

    def line_text(self) -> str:
        """Say file, line, question and key, then what."""
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(
            part for part in (where, " ".join(filter(None, (self.question, self.key))), self.message) if part
        )

    def at(self, *, file: str, line: int | None, question: str) -> ReviewError:
        """Give the same error with the place where a person finds it."""
        return ReviewError(
            self.message,
            hint=self.hint,
            key=self.key,
            question=self.question or question,
            file=self.file or file,
            line=self.line or line,
        )


def listed(words: Collection[str]) -> str:
    """Give words in a row, for a sentence."""
    return ", ".join(words)
