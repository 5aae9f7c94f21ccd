"""Phases that win back what a change of the model cost."""

from collections.abc import Sequence
from dataclasses import replace

from worker.compression.distillation import Distillation, kept, taught
from worker.contracts.callback import Companion, together
from worker.contracts.context import Context
from worker.contracts.phases import Phase, Training, Transform
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject


def recovering(changes: Sequence[Phase], recovery: Recovery | None, companion: Companion | None = None) -> list[Phase]:
    """Phases that change the model and cost quality, then the training that recovers it, with its callbacks.

    Its teacher, where it has distillers, is the model as it was before the stage's first change.
    """
    if recovery is None:
        return [*changes]
    if not recovery.distillers:
        return [*changes, Training(recovery, companion)]

    def teach(subject: Subject, context: Context) -> Subject:
        assert subject.teacher is not None
        return taught(subject, subject.teacher, recovery.distillers, context)

    along = together(companion, Distillation(recovery.distillers))
    return [Transform(_remember), *changes, Transform(teach), Training(recovery, along)]


def _remember(subject: Subject, _: Context) -> Subject:
    return subject if subject.teacher else replace(subject, teacher=kept(subject))
