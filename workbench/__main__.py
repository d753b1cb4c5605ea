"""`python -m workbench`: the window."""

from workbench.entry import main

raise SystemExit(main())
