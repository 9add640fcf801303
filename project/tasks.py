"""Jobs of the installation itself: the queue forgets what is done. Jobs of apps are in each app's `tasks`."""

from procrastinate import JobContext
from procrastinate.contrib.django import app

FINISHED_JOBS_KEPT_HOURS = 24
FAILED_JOBS_KEPT_HOURS = 14 * 24


@app.periodic(cron="41 * * * *")
@app.task(queueing_lock="project.forget_finished_jobs", pass_context=True)
async def forget_finished_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  # the scheduler passes when the run was due
    """Delete the rows of jobs that ended a day ago, and of those that failed two weeks ago, every hour."""
    jobs = context.app.job_manager
    await jobs.delete_old_jobs(FINISHED_JOBS_KEPT_HOURS)
    await jobs.delete_old_jobs(
        FAILED_JOBS_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )
