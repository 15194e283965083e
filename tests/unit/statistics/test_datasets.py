"""What a dataset declares is checked when the portal starts."""

import dataclasses

import pytest

from portal_core.declarations import Permission
from portal_core.errors import StartError
from portal_core.statistics.cases import CASES
from portal_core.statistics.datasets import Chart, Column, Dimension, check, count

REACHING = {"core:statistics:view": Permission("core:statistics:view", "x", reaches=True)}


def test_the_dataset_of_cases_is_right():
    check(CASES, REACHING)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"permission": "core:nothing:view"}, "no declared permission"),
        ({"dimensions": (Dimension("colour", "x", dict),)}, "no column 'colour'"),
        ({"measures": (count("many", "x", "missing"),)}, "no column 'missing'"),
        ({"columns": (Column("missing", "x"),)}, "no column 'missing'"),
        ({"columns": (Column("title", "x", "label"),)}, "no dimension 'title'"),
        ({"charts": (Chart("x", "bar", ("missing",)),)}, "no measure 'missing'"),
        ({"charts": (Chart("x", "pie", ("filed",), "title"),)}, "no dimension 'title'"),
        ({"tiles": ("missing",)}, "no measure 'missing'"),
        ({"owners": ("missing",)}, "no column 'missing'"),
        ({"measures": (*CASES.measures, CASES.measures[0])}, "a code is used twice"),
    ],
)
def test_what_stops_the_start(changes, message):
    with pytest.raises(StartError, match=message):
        check(dataclasses.replace(CASES, **changes), REACHING)


def test_a_permission_that_does_not_reach_would_show_everything():
    permission = Permission("core:statistics:view", "x")
    with pytest.raises(StartError, match="no declared permission that reaches"):
        check(CASES, {permission.name: permission})
