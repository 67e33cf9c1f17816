"""The tasks of a campaign: every combination, what has the same content once, an id of the content."""

from __future__ import annotations

from dataclasses import replace

from netlab.campaign.file import CampaignFile
from netlab.campaign.tasks import Source, tasks
from netlab.scenario.loader import load

ONE, OTHER = (Source(load(name), sweep=False, megabytes=200) for name in ("s2s-static", "p2s-branch-bgp"))


def asked(**values: object) -> CampaignFile:
    return CampaignFile.model_validate({"name": "c", "scenarios": ["-"], **values})


def test_every_scenario_on_every_data_plane_at_every_time_scale() -> None:
    found = tasks(asked(data_planes=["kernel", "userspace"], time_scales=[20, 60]), (ONE, OTHER))
    assert len({task.id for task in found}) == 8
    assert [(task.scenario, task.data_plane, task.time_scale) for task in found[:3]] == [
        ("s2s-static", "kernel", 20),
        ("s2s-static", "kernel", 60),
        ("s2s-static", "userspace", 20),
    ]


def test_the_data_plane_is_auto_and_the_time_scale_the_files_where_nothing_is_said() -> None:
    (task,) = tasks(asked(), (ONE,))
    assert (task.data_plane, task.time_scale) == ("auto", None)


def test_the_same_content_is_tried_once() -> None:
    assert len(tasks(asked(data_planes=["auto", "auto"]), (ONE, ONE, OTHER))) == 2


def test_the_id_is_that_of_the_content_and_not_of_the_files_name() -> None:
    (task,) = tasks(asked(), (ONE,))
    assert replace(task, file="elsewhere.yaml").id == task.id
    assert len({task.id, replace(task, text="name: x").id, replace(task, time_scale=20.0).id}) == 3


def test_the_options_are_those_of_netlab_test() -> None:
    (plain,) = tasks(asked(), (ONE,))
    (scaled,) = tasks(asked(data_planes=["kernel"], time_scales=[30]), (ONE,))
    assert plain.options == ("--data-plane", "auto")
    assert scaled.options == ("--data-plane", "kernel", "--time-scale", "30")
