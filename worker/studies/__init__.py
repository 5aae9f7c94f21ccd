"""Leads studies: asks a sampler what to try, queues the runs, tells it what came out.

One process, the conductor, which a worker starts while there is a study to lead. It imports neither torch nor a component
of any family but `samplers` and `trial_pruners`. The database is the only truth: killed at any moment, the next conductor
goes on where this one was.
"""
