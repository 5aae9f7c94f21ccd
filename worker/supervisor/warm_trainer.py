"""Keeps one warm trainer process: starts it, notices its end, starts it again."""

import logging
from threading import Event
from time import monotonic

from backend.domain.settings import Settings
from worker.pipe.messages import Exit, FromTrainer, Ready, ToTrainer
from worker.supervisor.trainer_process import TrainerProcess

log = logging.getLogger("lathe.worker")

LONGEST_PAUSE = 30.0  # seconds between two starts of a trainer that does not get as far as `Ready`


class WarmTrainer:
    """`ready` is what the trainer can do, None while there is none or it is not warm yet."""

    def __init__(self, settings: Settings, bell: Event) -> None:
        self._settings, self._bell = settings, bell
        self._process: TrainerProcess | None = None
        self._doom: str | None = None
        self._failures = 0  # starts in a row that did not get as far as `Ready`
        self._next_start = 0.0
        self.ready: Ready | None = None

    def tend(self) -> str | None:
        """Start a trainer when there is none. Returns how the last one ended, once, in a sentence."""
        if self._process is None:
            if monotonic() >= self._next_start:
                self._start()
            return None
        return self._bury(self._process) if self._process.ended else None

    def receive(self) -> list[FromTrainer]:
        """Messages since the last call, but for `Ready`."""
        messages = self._process.receive() if self._process else []
        for message in messages:
            if isinstance(message, Ready) and not self._doom:
                self.ready, self._failures = message, 0
        return [message for message in messages if not isinstance(message, Ready)]

    def send(self, message: ToTrainer) -> None:
        if self._process:
            self._process.send(message)

    def kill(self, why: str) -> None:
        """End it now; `tend` will tell this reason."""
        self.ready = None
        if self._process and not self._doom:
            self._doom = why
            self._process.kill()

    def close(self, seconds: float) -> None:
        """Let it end by itself, and kill it when it has not within so many seconds."""
        if self._process:
            self._process.send(Exit())
            self._process.wait(seconds)
            self._process.bury()

    def _start(self) -> None:
        try:
            self._process, self._doom = TrainerProcess(self._settings, self._bell), None
        except OSError as error:  # neither memory, nor processes, nor descriptors are to be had now
            self._failed(str(error))

    def _bury(self, process: TrainerProcess) -> str:
        end = self._doom or f"The training process {process.bury()}."
        process.bury()
        self._next_start = 0.0
        if self.ready is None and self._doom is None:
            self._failed(f"{end}\n{process.last_words}")
        self._process = self.ready = None
        return end

    def _failed(self, why: str) -> None:
        """Wait longer with each start that fails."""
        self._failures += 1
        self._next_start = monotonic() + min(LONGEST_PAUSE, 2.0 ** (self._failures - 1))
        log.error("The trainer did not start. %s", why)
