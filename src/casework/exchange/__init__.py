"""Other tools' formats, in and out, each with a report of what is lost."""
