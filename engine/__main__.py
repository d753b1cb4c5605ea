"""`python -m engine`: the command line without a window."""

from engine.cli import main
from engine.device import limit_threads

limit_threads()
raise SystemExit(main())
