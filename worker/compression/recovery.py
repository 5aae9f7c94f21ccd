"""Phases that win back what a change of the model cost."""

from collections.abc import Sequence
from dataclasses import replace

from worker.compression.distillation import Distillation, copy_subject, with_teacher
from worker.contracts.callback import Callback, together
from worker.contracts.context import Context
from worker.contracts.phases import Phase, Training, Transform
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject


def recovering(changes: Sequence[Phase], recovery: Recovery | None, callback: Callback | None = None) -> list[Phase]:
    """Phases that change the model and cost quality, then the training that recovers it, with its callbacks.

    Its teacher, where it has distillers, is the model as it was before the stage's first change.
    """
    if recovery is None:
        return [*changes]
    if not recovery.distillers:
        return [*changes, Training(recovery, callback)]

    def teach(subject: Subject, context: Context) -> Subject:
        assert subject.teacher is not None
        return with_teacher(subject, subject.teacher, recovery.distillers, context)

    along = together(callback, Distillation(recovery.distillers))
    return [Transform(_remember), *changes, Transform(teach), Training(recovery, along)]


def _remember(subject: Subject, _: Context) -> Subject:
    return subject if subject.teacher else replace(subject, teacher=copy_subject(subject))
