"""Commands of the plugin below ``portal meetings``."""

import click

from portal_meetings.services.verify import Report
from portal_meetings.services.verify import verify as look


@click.group()
def meetings():
    """Meeting rooms."""


@meetings.command()
@click.pass_obj
def verify(context):
    """Count overlapping holds and bookings without their room; exit with 1 when there are any."""
    with context.portal.database.reading() as session:
        report = look(session)
    for line in lines(report):
        click.echo(line)
    if not report.sound:
        raise SystemExit(1)


def lines(report: Report) -> list[str]:
    """The report as text: the counts, then the cases that are concerned."""
    result = [
        f"{report.overlap_count} overlaps",
        f"{report.missing_count} bookings without a hold",
        f"{report.stray_count} holds without a claim",
    ]
    result += [f"overlap: cases {one} and {other}" for one, other in report.overlaps]
    result += [f"no hold: case {case}" for case in report.missing]
    result += [f"should not hold: case {case}" for case in report.stray]
    return result
