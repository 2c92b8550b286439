"""`python -m injector webhook`: reads the settings, sets up the log, serves. Exit 0 after a signal, 2 for settings that
can't be used, 1 for the rest.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

from injector.webhook.app import serve
from injector.webhook.settings import read_settings
from kubecore.errors import ConfigurationError
from kubecore.logs import log_to
from kubecore.settings import WrongSettings

log = logging.getLogger("injector.webhook")


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    try:
        settings = read_settings(arguments)
        log_to(level=settings.loglevel)
        asyncio.run(serve(settings))
    except WrongSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (ConfigurationError, OSError) as error:
        log.error("%s", error)
        return 1
    except ExceptionGroup as group:
        for each in group.exceptions:
            log.error("%s", each, exc_info=each)
        return 1
    return 0
