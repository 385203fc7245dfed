"""Planted worlds for Table 1."""

from same_eyes.testing.worlds import Observer, World, Worlds, simulated_study


def machines_above():
    people = [Observer(0.80), Observer(0.81), Observer(0.82)]
    return simulated_study(people, {"CE": Observer(0.88), "GCE": Observer(0.90)})


def one_machine_below():
    people = [Observer(0.80), Observer(0.81), Observer(0.82)]
    return simulated_study(people, {"CE": Observer(0.70), "GCE": Observer(0.90)})


CE_FAILS = {f"CE vs Human {j}" for j in (1, 2, 3)}
WORLDS = {
    "machines-above-people": Worlds(
        true=World(machines_above),
        false=World(one_machine_below, fails=CE_FAILS),
        inside=World(machines_above),
        outside=World(one_machine_below, fails=CE_FAILS),
    ),
}
