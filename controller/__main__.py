"""`python -m controller`: reads the settings, sets up the log, serves. Exit 0 after a signal, 2 for settings that can't
be used, 1 for the rest.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from controller.app import serve
from controller.settings import notices, read_settings
from kubecore.errors import ConfigurationError
from kubecore.lease import LeadershipLost
from kubecore.logs import log_to
from kubecore.settings import WrongSettings

log = logging.getLogger("controller")


def main() -> int:
    """The exit code."""
    try:
        settings = read_settings(sys.argv[1:])
        log_to(level=settings.loglevel, times=settings.zap_time_encoding)
        for notice in notices(sys.argv[1:]):
            log.warning("a flag without effect: %s", notice)
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
