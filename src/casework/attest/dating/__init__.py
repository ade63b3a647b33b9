"""When a signature was made: RFC 3161 time stamps by pinned authorities, and whether a signature counts at its time."""
