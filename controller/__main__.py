"""`python -m controller`: reads the settings, sets up the log, serves. Exit 0 after a signal, 2 for settings that can't
be used, 1 for the rest.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from controller.app import serve
from controller.logs import log_to
from controller.settings import WrongSettings, read_settings
from kubecore.errors import ConfigurationError
from kubecore.lease import LeadershipLost

log = logging.getLogger("controller")


def main() -> int:
    """The exit code."""
    try:
        settings = read_settings(sys.argv[1:])
        log_to(level="WARNING" if settings.loglevel == "warn" else settings.loglevel.upper())
        asyncio.run(serve(settings))
    except WrongSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (ConfigurationError, LeadershipLost, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
