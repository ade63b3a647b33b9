"""`python -m casework`."""

from casework.cli.main import main

raise SystemExit(main())
